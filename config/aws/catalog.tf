locals {
  catalog = replace(var.name, "-", "_")
  tweets  = "${local.output}/tweets"
  columns = jsondecode(file("${path.module}/columns.json"))
}

resource "aws_glue_catalog_database" "collector" {
  name        = local.catalog
  description = "Tweets kept by the collector"
}

# Partitions are computed from the query: no crawler, no MSCK REPAIR.
resource "aws_glue_catalog_table" "tweets" {
  name          = "tweets_csv"
  database_name = aws_glue_catalog_database.collector.name
  description   = "The CSV objects as they are: all columns text; the view tweets has types"
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    "EXTERNAL"                    = "TRUE"
    "classification"              = "csv"
    "skip.header.line.count"      = "1"
    "projection.enabled"          = "true"
    "projection.dt.type"          = "date"
    "projection.dt.format"        = "yyyy-MM-dd"
    "projection.dt.range"         = "2006-03-21,NOW"
    "projection.dt.interval"      = "1"
    "projection.dt.interval.unit" = "DAYS"
    "projection.hour.type"        = "integer"
    "projection.hour.range"       = "0,23"
    "projection.hour.digits"      = "2"
    "storage.location.template"   = "${local.tweets}/dt=$${dt}/hour=$${hour}/"
  }

  partition_keys {
    name = "dt"
    type = "string"
  }

  partition_keys {
    name = "hour"
    type = "int"
  }

  storage_descriptor {
    location      = "${local.tweets}/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
      parameters = {
        "separatorChar" = ","
        "quoteChar"     = "\""
        "escapeChar"    = "\u0000"
      }
    }

    dynamic "columns" {
      for_each = local.columns
      content {
        name = columns.value
        type = "string"
      }
    }
  }
}

resource "aws_athena_workgroup" "collector" {
  name          = var.name
  description   = "Queries of the tweets; results are deleted after 7 days"
  force_destroy = true

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.query_gb * 1000000000

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${aws_s3_bucket.output.bucket}/athena/"
      expected_bucket_owner = local.account_id

      encryption_configuration {
        encryption_option = local.encrypted ? "SSE_KMS" : "SSE_S3"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

# Athena alone can make its views: `terraform output make_view` is the one command.
resource "aws_athena_named_query" "view" {
  name        = "${var.name}: make the view tweets"
  description = "Types, times and unescaped text over tweets_csv; run it once, and again after an upgrade"
  workgroup   = aws_athena_workgroup.collector.name
  database    = aws_glue_catalog_database.collector.name
  query       = trimsuffix(trimspace(file("${path.module}/athena.sql")), ";")
}
