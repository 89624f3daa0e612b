# Destroyed before everything else, so that a refusal leaves all as it is: S3 and RDS refuse only when policies, versions
# and the instance are gone already. A destroyer sees what was applied, not what was given.
resource "terraform_data" "guard" {
  input = var.force_destroy

  provisioner "local-exec" {
    when    = destroy
    quiet   = true
    command = self.input ? "exit 0" : "echo Refused, and nothing is destroyed: tweets and state would be lost. Apply force_destroy = true first. && exit 1"
  }

  depends_on = [
    aws_athena_named_query.view,
    aws_athena_workgroup.collector,
    aws_cloudwatch_dashboard.collector,
    aws_cloudwatch_log_group.collector,
    aws_cloudwatch_log_group.database,
    aws_cloudwatch_metric_alarm.collection,
    aws_cloudwatch_metric_alarm.database,
    aws_cloudwatch_metric_alarm.disk,
    aws_cloudwatch_metric_alarm.status,
    aws_db_instance.state,
    aws_db_parameter_group.state,
    aws_db_subnet_group.state,
    aws_default_security_group.closed,
    aws_ebs_volume.state,
    aws_eks_pod_identity_association.collector,
    aws_glue_catalog_database.collector,
    aws_glue_catalog_table.tweets,
    aws_iam_instance_profile.collector,
    aws_iam_role.collector,
    aws_iam_role_policy.collector,
    aws_instance.collector,
    aws_internet_gateway.own,
    aws_kms_key.alarms,
    aws_route_table.private,
    aws_route_table.public,
    aws_route_table_association.private,
    aws_route_table_association.public,
    aws_s3_bucket.output,
    aws_s3_bucket_lifecycle_configuration.output,
    aws_s3_bucket_ownership_controls.output,
    aws_s3_bucket_policy.output,
    aws_s3_bucket_public_access_block.output,
    aws_s3_bucket_server_side_encryption_configuration.output,
    aws_s3_bucket_versioning.output,
    aws_s3_object.release,
    aws_secretsmanager_secret.x_bearer_token,
    aws_security_group.collector,
    aws_security_group.database,
    aws_sns_topic.alarms,
    aws_sns_topic_policy.alarms,
    aws_sns_topic_subscription.email,
    aws_subnet.private,
    aws_subnet.public,
    aws_volume_attachment.state,
    aws_vpc.own,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.mirrors,
    aws_vpc_security_group_ingress_rule.database,
    terraform_data.database,
  ]
}
