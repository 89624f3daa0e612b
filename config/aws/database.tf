locals {
  database_clients = local.on_postgres ? concat(
    aws_security_group.collector[*].id,
    local.cluster_network[*].cluster_security_group_id,
    var.database_clients,
  ) : []
}

resource "aws_security_group" "database" {
  count       = local.on_postgres ? 1 : 0
  name        = "${var.name}-database"
  description = "The state database: only the collector comes in, nothing goes out"
  vpc_id      = local.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count                        = length(local.database_clients)
  security_group_id            = aws_security_group.database[0].id
  description                  = "The collector"
  referenced_security_group_id = local.database_clients[count.index]
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_subnet_group" "state" {
  count      = local.on_postgres ? 1 : 0
  name       = var.name
  subnet_ids = local.database_subnets
}

resource "aws_db_parameter_group" "state" {
  count  = local.on_postgres ? 1 : 0
  name   = "${var.name}-postgres17"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

# RDS makes them itself otherwise, and keeps what they hold for ever.
resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_158:kms_key_arn chooses a KMS key; without it CloudWatch encrypts with a key of its own.
  #checkov:skip=CKV_AWS_338:A month of logs answers what happened to the state, which can be rebuilt from the bucket.
  for_each          = local.on_postgres ? toset(["postgresql", "upgrade"]) : toset([])
  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

# Its id makes the name of the final snapshot a new one for each database: RDS refuses one that is taken.
resource "terraform_data" "database" {
  count = local.on_postgres ? 1 : 0
}

resource "aws_db_instance" "state" {
  #checkov:skip=CKV_AWS_157:database_multi_az chooses a second server; a lost state can be rebuilt from the bucket.
  #checkov:skip=CKV_AWS_161:The password is kept and rotated by RDS, and read by the collector's role alone.
  #checkov:skip=CKV_AWS_118:Alarms are on the collector's own lag; the machine's metrics by the second are not.
  #checkov:skip=CKV_AWS_353:The same: the state sees a few transactions a minute.
  #checkov:skip=CKV2_AWS_30:Logs of every query cost more than they tell, and the state holds no secret.
  #checkov:skip=CKV_AWS_293:Deletion protection ends only with force_destroy.
  count      = local.on_postgres ? 1 : 0
  identifier = var.name
  db_name    = "collector"

  engine                     = "postgres"
  engine_version             = "17"
  auto_minor_version_upgrade = true
  instance_class             = var.database_instance_class
  multi_az                   = var.database_multi_az
  parameter_group_name       = aws_db_parameter_group.state[0].name

  username                      = "collector"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  storage_type          = "gp3"
  allocated_storage     = 20
  max_allocated_storage = 200
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  db_subnet_group_name   = aws_db_subnet_group.state[0].name
  vpc_security_group_ids = [aws_security_group.database[0].id]
  publicly_accessible    = false

  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  deletion_protection             = !var.force_destroy
  skip_final_snapshot             = var.force_destroy
  final_snapshot_identifier       = "${var.name}-final-${substr(terraform_data.database[0].id, 0, 8)}"
  enabled_cloudwatch_logs_exports = keys(aws_cloudwatch_log_group.database)

  # Or a change that was applied would wait for days, and fall upon a night of its own.
  apply_immediately = true
}
