# Watch: logs, metrics, alarms, and a dashboard. `collector metrics` prints the metrics each minute, in embedded metric
# format; the CloudWatch agent sends them with the logs, and CloudWatch takes them out of the lines.

locals {
  alarm_arns = "arn:${local.partition}:cloudwatch:${var.region}:${local.account_id}:alarm:${var.name}-*"

  # What `collector metrics` tells; a missing metric keeps the state of an alarm, but for the lag.
  collection_alarms = merge(
    {
      lag = {
        metric    = "LagSeconds"
        threshold = var.max_lag_minutes * 60
        statistic = "Maximum"
        minutes   = 30
        missing   = "breaching"
        text      = "Not every active account is complete up to ${var.max_lag_minutes} minutes ago, or nothing tells: the instance, collector-metrics.timer, the CloudWatch agent or the state database is down, or no account is active. See: collector status; collector cursors; collector doctor."
      }
      failures = {
        metric    = "FailingAccounts"
        threshold = 0
        statistic = "Minimum"
        minutes   = 60
        missing   = "ignore"
        text      = "For an hour, tweets of some active accounts are missing because of a fault: a refused token, exhausted credits or budget, a rate limit, an outage. See: collector gaps; collector batches --json; collector doctor."
      }
    },
    var.max_usd_per_month == null ? {} : {
      dollars-today = {
        metric    = "DollarsToday"
        threshold = var.max_usd_per_month / 10
        statistic = "Minimum"
        minutes   = 15
        missing   = "ignore"
        text      = "Today cost more than a tenth of the month's budget of ${var.max_usd_per_month} dollars. See: collector status; collector batches. A backfill is priced beforehand with: collector backfill --dry-run."
      }
      dollars-this-month = {
        metric    = "DollarsThisMonth"
        threshold = var.max_usd_per_month * 0.8
        statistic = "Minimum"
        minutes   = 15
        missing   = "ignore"
        text      = "80 % of the month's budget of ${var.max_usd_per_month} dollars are spent; at its end X is asked for nothing more until the next month. See: collector status. Raise max_usd_per_month, or pause accounts: collector accounts pause."
      }
    },
    var.max_tweets_per_day == null ? {} : {
      tweets-today = {
        metric    = "TweetsReadToday"
        threshold = var.max_tweets_per_day * 0.8
        statistic = "Minimum"
        minutes   = 15
        missing   = "ignore"
        text      = "80 % of the day's budget of ${var.max_tweets_per_day} tweets are read; at its end X is asked for nothing more until 00:00 UTC. See: collector status; collector batches."
      }
    },
  )

  # Of different lengths, or a recovery and a reboot may hinder each other, as AWS says.
  status_alarms = {
    system   = { metric = "StatusCheckFailed_System", action = "recover", minutes = 2, text = "The hardware below the instance failed: EC2 moves the instance to other hardware. Afterwards: collector status." }
    instance = { metric = "StatusCheckFailed_Instance", action = "reboot", minutes = 5, text = "The instance does not answer: EC2 reboots it, and the services come up by themselves. If it recurs, see its memory and its disks on the dashboard. Afterwards: collector status." }
  }
}

# CloudWatch cannot publish to a topic that is encrypted with the key that AWS manages for SNS: its policy is fixed.
resource "aws_kms_key" "alarms" {
  description             = "Alarms of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountOwnsIt"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "AlarmsArePublished"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
      },
    ]
  })
}

# Its class stays the default: of the infrequent-access class, CloudWatch takes no metrics out of the lines.
resource "aws_cloudwatch_log_group" "collector" {
  #checkov:skip=CKV_AWS_158:kms_key_arn chooses a KMS key; without it CloudWatch encrypts with a key of its own.
  #checkov:skip=CKV_AWS_338:A month of logs answers what happened; what was collected is told by seals and manifests, for ever.
  name              = "/${var.name}"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.alarms.arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = { ArnLike = { "aws:SourceArn" = local.alarm_arns } }
      },
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# The address gets a message first, and nothing more until its link is followed.
resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "collection" {
  for_each = local.collection_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.text
  namespace           = "Collector"
  metric_name         = each.value.metric
  dimensions          = { Name = var.name }
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = each.value.minutes / 5
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "disk" {
  for_each = var.instance ? { root = "/", state = "/var/lib/collector" } : {}

  alarm_name          = "${var.name}-disk-${each.key}"
  alarm_description   = "The file system ${each.value} of the instance is more than 80 % full; a full one stops SQLite and Airflow. See: df -h; du -xsh /var/lib/collector/* /var/log/collector. Airflow's old rows go with: airflow db clean; the volume can grow while it is in use."
  namespace           = "Collector"
  metric_name         = "disk_used_percent"
  dimensions          = { Name = var.name, path = each.value }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "status" {
  for_each = var.instance ? local.status_alarms : {}

  alarm_name          = "${var.name}-status-${each.key}"
  alarm_description   = each.value.text
  namespace           = "AWS/EC2"
  metric_name         = each.value.metric
  dimensions          = { InstanceId = one(aws_instance.collector[*].id) }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = "missing"
  alarm_actions       = ["arn:${local.partition}:automate:${var.region}:ec2:${each.value.action}", aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "database" {
  count = var.database == "postgres" ? 1 : 0

  alarm_name          = "${var.name}-database-storage"
  alarm_description   = "The state database has less than 2 GiB of storage left; a full one stops the collector. Let allocated_storage grow, then: collector status."
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  dimensions          = { DBInstanceIdentifier = one(aws_db_instance.state[*].identifier) }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 2 * 1024 * 1024 * 1024
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_dashboard" "collector" {
  dashboard_name = var.name
  dashboard_body = templatefile("${path.module}/dashboard.json", {
    name            = var.name
    region          = var.region
    max_lag_seconds = var.max_lag_minutes * 60
  })
}
