locals {
  instance_type = coalesce(var.instance_type, var.architecture == "arm64" ? "t4g.medium" : "t3.medium")
  image = var.operating_system == "al2023" ? (
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
    ) : (
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/${var.architecture == "arm64" ? "arm64" : "amd64"}/hvm/ebs-gp3/ami-id"
  )

  # What `make wheel` built; null if nothing or several lie there.
  dist  = "${path.module}/../../dist"
  built = try("${local.dist}/${one(fileset(local.dist, "collector-*.whl"))}", null)
  wheel = var.wheel != null ? var.wheel : var.package != null ? null : local.built

  release_key     = local.wheel == null ? "" : "releases/${substr(filesha256(local.wheel), 0, 12)}/${basename(local.wheel)}"
  database_secret = try(aws_db_instance.state[0].master_user_secret[0].secret_arn, "")
  database_url    = local.on_postgres ? "postgresql+psycopg://collector@${aws_db_instance.state[0].endpoint}/collector?sslmode=require" : null

  # /etc/collector/collector.env: names of secrets, never a secret.
  environment = { for name, value in {
    AWS_DEFAULT_REGION              = var.region
    COLLECTOR_NAME                  = var.name
    COLLECTOR_OUTPUT                = local.output
    COLLECTOR_STATE_URL             = local.on_postgres ? local.database_url : local.on_ec2 ? "sqlite:////var/lib/collector/state.db" : null
    COLLECTOR_X_BEARER_TOKEN_SECRET = aws_secretsmanager_secret.x_bearer_token.arn
    COLLECTOR_STATE_PASSWORD_SECRET = local.on_postgres ? local.database_secret : null
    COLLECTOR_SCHEDULE              = var.schedule
    COLLECTOR_MAX_USD_PER_MONTH     = var.max_usd_per_month == null ? null : tostring(var.max_usd_per_month)
    COLLECTOR_MAX_TWEETS_PER_DAY    = var.max_tweets_per_day == null ? null : tostring(var.max_tweets_per_day)
    COLLECTOR_CSV_NEWLINES          = "escape"
  } : name => value if value != null }
}

data "aws_ssm_parameter" "image" {
  count = local.on_ec2 ? 1 : 0
  name  = local.image
}

data "aws_ec2_instance_type" "chosen" {
  count         = local.on_ec2 ? 1 : 0
  instance_type = local.instance_type

  # On Xen, volumes have other names than those by which the first boot finds the state.
  lifecycle {
    postcondition {
      condition     = self.hypervisor == "nitro" || self.bare_metal
      error_message = "instance_type ${local.instance_type} is not of the Nitro System: choose a newer one, such as t3.medium, t4g.medium or m7g.large."
    }

    postcondition {
      condition     = contains(self.supported_architectures, var.architecture)
      error_message = "instance_type ${local.instance_type} has no ${var.architecture} processor: set architecture too."
    }
  }
}

data "aws_subnet" "instance" {
  count = local.on_ec2 && !local.own_network ? 1 : 0
  id    = local.instance_subnet
}

resource "aws_s3_object" "release" {
  count      = local.on_ec2 && local.wheel != null ? 1 : 0
  bucket     = aws_s3_bucket.output.id
  key        = local.release_key
  source     = local.wheel
  depends_on = [aws_s3_bucket_policy.output, aws_s3_bucket_server_side_encryption_configuration.output]
}

# What an instance must not lose, apart from it: replacing the instance keeps state and history.
resource "aws_ebs_volume" "state" {
  #checkov:skip=CKV_AWS_189:kms_key_arn chooses a KMS key; without it the account's own key for volumes is used.
  count             = local.on_ec2 ? 1 : 0
  availability_zone = local.own_network ? aws_subnet.public[0].availability_zone : data.aws_subnet.instance[0].availability_zone
  type              = "gp3"
  size              = var.volume_gb
  encrypted         = true
  kms_key_id        = var.kms_key_arn
  snapshot_id       = var.state_snapshot
  final_snapshot    = !var.force_destroy
  tags              = { Name = "${var.name}-state" }

  # Each of these would make an empty volume in place of the state.
  lifecycle { ignore_changes = [kms_key_id, availability_zone, snapshot_id] }
}

resource "aws_volume_attachment" "state" {
  count                          = local.on_ec2 ? 1 : 0
  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.state[0].id
  instance_id                    = aws_instance.collector[0].id
  stop_instance_before_detaching = true
}

resource "aws_instance" "collector" {
  #checkov:skip=CKV_AWS_88:A public address is the cheapest way out (no NAT gateway); no rule lets anything in.
  #checkov:skip=CKV_AWS_126:detailed_monitoring chooses it; alarms are on the collector's own metrics.
  count                       = local.on_ec2 ? 1 : 0
  ami                         = data.aws_ssm_parameter.image[0].insecure_value
  instance_type               = local.instance_type
  subnet_id                   = local.instance_subnet
  associate_public_ip_address = local.own_network ? true : null
  vpc_security_group_ids      = [aws_security_group.collector[0].id]
  iam_instance_profile        = aws_iam_instance_profile.collector[0].name
  monitoring                  = var.detailed_monitoring
  ebs_optimized               = true
  user_data_base64            = local.user_data
  user_data_replace_on_change = true
  tags                        = { Name = var.name }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 20
    encrypted   = true
    kms_key_id  = var.kms_key_arn
  }

  # A newer image is taken knowingly: terraform apply -replace='aws_instance.collector[0]'.
  lifecycle {
    ignore_changes = [ami]
  }

  # What its first boot needs.
  depends_on = [
    aws_iam_role_policy.collector,
    aws_route_table_association.public,
    aws_s3_bucket_policy.output,
    aws_s3_object.release,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.mirrors,
  ]
}

locals {
  # cloud-init unpacks it; as it is, a hundred accounts more would be too much for EC2.
  user_data = base64gzip(templatefile("${path.module}/user-data.sh.tftpl", {
    name             = var.name
    region           = var.region
    operating_system = var.operating_system
    architecture     = var.architecture
    package          = var.package != null ? var.package : ""
    wheel_url        = local.wheel == null ? "" : "s3://${var.bucket}/${local.release_key}"
    data_device      = try(aws_ebs_volume.state[0].id, "")
    accounts         = var.accounts
    environment      = local.environment
    units            = { for unit in fileset("${path.module}/systemd", "*") : unit => file("${path.module}/systemd/${unit}") }
    cloudwatch_agent = templatefile("${path.module}/cloudwatch-agent.json", { name = var.name })
  }))
}
