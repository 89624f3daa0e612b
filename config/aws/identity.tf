locals {
  rights = merge(
    {
      objects = templatefile("${path.module}/policies/objects.json", local.policy_words)
      logs    = templatefile("${path.module}/policies/logs.json", merge(local.policy_words, { log_group_arn = aws_cloudwatch_log_group.collector.arn }))
      secret  = templatefile("${path.module}/policies/secret.json", merge(local.policy_words, { secret_arn = aws_secretsmanager_secret.x_bearer_token.arn }))
    },
    local.on_ec2 ? {
      session-manager = templatefile("${path.module}/policies/session-manager.json", local.policy_words)
    } : {},
    local.on_postgres ? {
      database-secret = templatefile("${path.module}/policies/secret.json", merge(local.policy_words, { secret_arn = local.database_secret }))
    } : {},
    local.on_ec2 && local.wheel != null ? {
      release = templatefile("${path.module}/policies/release.json", merge(local.policy_words, { release_key = local.release_key }))
    } : {},
    local.encrypted ? {
      key = templatefile("${path.module}/policies/key.json", merge(local.policy_words, { key_arn = var.kms_key_arn }))
    } : {},
  )
}

resource "aws_iam_role" "collector" {
  name               = "${var.name}-collector"
  description        = "What the collector may do, and nothing else"
  assume_role_policy = templatefile("${path.module}/policies/trust-${local.on_ec2 ? "ec2" : "eks-pods"}.json", local.policy_words)
}

resource "aws_iam_role_policy" "collector" {
  #checkov:skip=CKV_AWS_355:Session Manager and PutMetricData know no resources; the documents of policies/ say where a * stands and why.
  #checkov:skip=CKV_AWS_290:The same.
  for_each = local.rights
  name     = each.key
  role     = aws_iam_role.collector.id
  policy   = each.value
}

resource "aws_iam_instance_profile" "collector" {
  count = local.on_ec2 ? 1 : 0
  name  = "${var.name}-collector"
  role  = aws_iam_role.collector.name
}

# The large size: pods under these service accounts get the role's credentials, which expire and are renewed.
resource "aws_eks_pod_identity_association" "collector" {
  for_each        = local.on_eks && var.eks_cluster != null ? toset(var.kubernetes_service_accounts) : toset([])
  cluster_name    = var.eks_cluster
  namespace       = var.kubernetes_namespace
  service_account = each.key
  role_arn        = aws_iam_role.collector.arn
}
