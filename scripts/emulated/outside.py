"""The web app whose people may come in: it shares a secret with the authorizer, as on AWS."""

import secrets

import boto3
from botocore.config import Config

# As emulated.tfvars says.
PARAMETER = "/parley/dev/issuers/intranet"


def share_secret(url, region):
    """A new one for each run, kept where Terraform does not see it."""
    secret = secrets.token_urlsafe(48)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    # A proxy for the world has no way to this address.
    parameters = boto3.client("ssm", endpoint_url=url, region_name=region, config=Config(proxies={}), **keys)
    parameters.put_parameter(Name=PARAMETER, Value=secret, Type="SecureString")
    return secret
