locals {
  state_bucket = "parley-state-${var.account_id}-${var.region}"
}

# The state of this folder lies in the bucket that it describes. So scripts/bootstrap creates the bare
# bucket when there is none, and Terraform adopts it here, once.
import {
  to = aws_s3_bucket.state
  id = local.state_bucket
}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_18:Who reads or writes state is in CloudTrail; access logs would need a bucket of their own.
  #checkov:skip=CKV_AWS_144:A lost Region takes the environments of this state with it.
  #checkov:skip=CKV_AWS_145:Encrypted with S3's own key; the state holds no secret.
  #checkov:skip=CKV2_AWS_62:Nothing has to follow a change of state.
  bucket = local.state_bucket

  lifecycle {
    prevent_destroy = true
  }
}

# An earlier state is the way back from a damaged one.
resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "old-states"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days           = 90
      newer_noncurrent_versions = 20
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # Without versions there are no old ones to expire.
  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket = aws_s3_bucket.state.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket_public_access_block.state.bucket

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
