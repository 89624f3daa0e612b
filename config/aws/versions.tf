terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ Application = "collector", Name = var.name }, var.tags)
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id  = data.aws_caller_identity.current.account_id
  partition   = data.aws_partition.current.partition
  output      = "s3://${var.bucket}/${var.prefix}"
  secret_name = "${var.name}/x-bearer-token"

  on_ec2      = var.instance
  on_eks      = !var.instance
  on_postgres = var.database == "postgres"
  encrypted   = var.kms_key_arn != null
}
