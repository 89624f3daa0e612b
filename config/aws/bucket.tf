locals {
  # What every document of policies/ may ask for.
  policy_words = {
    partition  = local.partition
    region     = var.region
    account_id = local.account_id
    bucket     = var.bucket
    prefix     = var.prefix
  }
}

resource "aws_s3_bucket" "output" {
  #checkov:skip=CKV_AWS_18:Access logs cost more than the tweets; CloudTrail's data events tell the same when they are wanted.
  #checkov:skip=CKV_AWS_144:A second region doubles the bill; what S3 keeps is in three zones already.
  #checkov:skip=CKV2_AWS_62:Readers glob the prefix; nothing waits for an event.
  #checkov:skip=CKV_AWS_145:kms_key_arn chooses a KMS key; without it S3 encrypts with a key of its own.
  bucket        = var.bucket
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "output" {
  bucket = aws_s3_bucket.output.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "output" {
  bucket = aws_s3_bucket.output.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.encrypted ? "aws:kms" : "AES256"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "output" {
  bucket                  = aws_s3_bucket.output.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "output" {
  bucket = aws_s3_bucket.output.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "output" {
  bucket     = aws_s3_bucket.output.id
  policy     = templatefile("${path.module}/policies/bucket.json", local.policy_words)
  depends_on = [aws_s3_bucket_public_access_block.output]
}

resource "aws_s3_bucket_lifecycle_configuration" "output" {
  bucket     = aws_s3_bucket.output.id
  depends_on = [aws_s3_bucket_versioning.output]

  rule {
    id     = "raw-parts-expire"
    status = "Enabled"
    filter { prefix = "${var.prefix}/raw/" }
    expiration { days = var.raw_days }
  }

  rule {
    id     = "query-results-expire"
    status = "Enabled"
    filter { prefix = "athena/" }
    expiration { days = 7 }
  }

  rule {
    id     = "leftovers-expire"
    status = "Enabled"
    filter {}
    expiration { expired_object_delete_marker = true }
    noncurrent_version_expiration { noncurrent_days = var.old_version_days }
    abort_incomplete_multipart_upload { days_after_initiation = 1 }
  }
}
