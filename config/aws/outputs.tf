output "put_secret" {
  description = "Type this, paste the X bearer token, press Enter: it is read at use, nothing needs a restart."
  value       = "read -rs TOKEN && printf %s \"$TOKEN\" | aws secretsmanager put-secret-value --region ${var.region} --secret-id ${local.secret_name} --secret-string file:///dev/stdin; unset TOKEN"
}

output "output" {
  description = "Where the tweets are (COLLECTOR_OUTPUT)."
  value       = local.output
}

output "role_arn" {
  description = "The collector's role."
  value       = aws_iam_role.collector.arn
}

output "instance_id" {
  description = "The instance of the small size."
  value       = one(aws_instance.collector[*].id)
}

output "open_ui" {
  description = "Type this, then open http://127.0.0.1:8080/: Airflow and the collector's page in its bar."
  value       = local.on_ec2 ? "aws ssm start-session --region ${var.region} --target ${aws_instance.collector[0].id} --document-name AWS-StartPortForwardingSession --parameters portNumber=8080,localPortNumber=8080" : null
}

output "open_shell" {
  description = "A shell on the instance."
  value       = local.on_ec2 ? "aws ssm start-session --region ${var.region} --target ${aws_instance.collector[0].id}" : null
}

output "environment" {
  description = "What the collector is told by its environment, here or elsewhere: names of secrets, never a secret."
  value       = local.environment
}

output "database_endpoint" {
  description = "Host and port of the state database in RDS."
  value       = one(aws_db_instance.state[*].endpoint)
}

output "athena_workgroup" {
  description = "Workgroup and database for queries of the table tweets."
  value       = { workgroup = aws_athena_workgroup.collector.name, database = aws_glue_catalog_database.collector.name }
}

output "make_view" {
  description = "Type this once: it makes the view tweets, with types, times and unescaped text."
  value       = "aws athena start-query-execution --region ${var.region} --work-group ${aws_athena_workgroup.collector.name} --query-execution-context Database=${aws_glue_catalog_database.collector.name} --query-string \"$(aws athena get-named-query --region ${var.region} --named-query-id ${aws_athena_named_query.view.id} --query NamedQuery.QueryString --output text)\""
}

output "dashboard" {
  description = "Lag, gaps, tweets and their price, in CloudWatch."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.collector.dashboard_name}"
}
