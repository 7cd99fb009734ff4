resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Only CloudFront reads it, the same public files for everyone.
  #checkov:skip=CKV_AWS_21:The files are built from the repository: the way back to an older version is to deploy its commit.
  #checkov:skip=CKV_AWS_144:The files are built from the repository: another Region's copy is one more deploy.
  #checkov:skip=CKV_AWS_145:The files are public: a key of one's own would keep nothing from anyone.
  #checkov:skip=CKV2_AWS_61:Without versions nothing is left over: what a deploy drops is gone.
  #checkov:skip=CKV2_AWS_62:Nothing acts on an upload.
  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  # At once, S3 refuses one of the two: "a conflicting conditional operation is in progress".
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Site"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      # Who may not list a bucket gets 403 for a missing file instead of 404. A listing itself cannot be
      # asked for: the function makes a page of `/`.
      Action    = ["s3:GetObject", "s3:ListBucket"]
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.this.arn } }
    }]
  })
}
