"""The stand-in X API and S3 that the demo, the tests and the benchmarks run against; all of it is synthetic."""

from collector.sandbox.auth import Credentials
from collector.sandbox.faults import Fault
from collector.sandbox.sandbox import Sandbox
from collector.sandbox.world import Horizon, World

__all__ = ["Credentials", "Fault", "Horizon", "Sandbox", "World"]
