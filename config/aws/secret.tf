# The value never passes through Terraform: `terraform output put_secret` says how it is put there.
resource "aws_secretsmanager_secret" "x_bearer_token" {
  #checkov:skip=CKV2_AWS_57:X has no interface that rotates a bearer token; a new one is put by hand and read at once.
  #checkov:skip=CKV_AWS_149:kms_key_arn chooses a KMS key; without it the account's own key for secrets is used.
  name                    = local.secret_name
  description             = "X bearer token of the collector, bare or as {\"bearer_token\": \"...\"}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.force_destroy ? 0 : 7
}
