// Decides requests by IAM's rules, a JSON line each way: reads a simulation, answers "Allowed", "ImplicitlyDenied",
// "ExplicitlyDenied", or what is wrong with it. The first argument is the folder whose packages are used.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(`${process.argv[2]}/package.json`)('@cloud-copilot/iam-simulate')

for await (const line of createInterface({ input: process.stdin })) {
  const { resultType, errors, overallResult } = await runSimulation(JSON.parse(line), {})
  console.log(JSON.stringify(resultType === 'error' ? errors : overallResult))
}
