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

data "aws_caller_identity" "current" {
  lifecycle {
    precondition {
      condition     = (var.vpc_id == null) == (var.subnet_ids == null)
      error_message = "vpc_id and subnet_ids belong together: give both, or neither."
    }

    precondition {
      condition     = !var.instance || var.package != null || local.wheel != null
      error_message = "There is nothing to install: run `make wheel` in the project (its dist/ then holds one wheel of the collector), or set wheel or package."
    }

    precondition {
      condition     = var.package == null || var.wheel == null
      error_message = "package and wheel are two ways to say what is installed: give one of them."
    }

    precondition {
      condition     = !var.instance || var.eks_cluster == null
      error_message = "eks_cluster is for the large size: set instance = false too, or leave eks_cluster out."
    }

    precondition {
      condition     = var.database == "sqlite" || var.instance || var.eks_cluster != null || var.vpc_id != null
      error_message = "database = \"postgres\" with instance = false needs to know where its clients are: set eks_cluster, or vpc_id and subnet_ids."
    }

    precondition {
      condition     = var.database == "sqlite" || var.subnet_ids == null || try(length(var.subnet_ids), 0) >= 2
      error_message = "database = \"postgres\" needs two subnets or more, in two availability zones: add one to subnet_ids."
    }
  }
}

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
