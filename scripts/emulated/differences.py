"""Where MiniStack 1.5.33 differs from AWS in what the chat or its Terraform needs: put right here.

Each function says what AWS does, and how to see that a newer MiniStack does it too. They reach into
MiniStack's modules; a version that has moved a name fails at the start, by that name.
"""

import json
import re
import socketserver
from email.utils import parseaddr
from xml.sax.saxutils import escape

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import cloudfront, cloudwatch, dynamodb, iam, lambda_svc, ses_v2


def remove(emulator_port):
    answer_runtimes_at_once()
    tell_functions_how_to_log()
    give_http_events_their_cookies()
    reach_http_apis_from_cloudfront(emulator_port)
    tell_boundaries_the_tags()
    tell_conditions_the_role()
    take_all_calls_for_safe()
    judge_mail_by_its_sender()
    tell_how_long_dkim_keys_are()
    describe_alarms_whole()
    restore_since_the_beginning()


def answer_runtimes_at_once():
    """MiniStack's runtime API sends headers and body apart, and Nagle's algorithm holds the second
    back until the first is acknowledged. Not needed once a warm `ping` takes 60 ms without this, and
    not 100.
    """
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def tell_functions_how_to_log():
    """AWS passes a function's `logging_config` on in these two variables. Not needed once the
    functions' log lines are JSON without this.
    """
    original = lambda_svc._provided_worker_env

    def environment(config, code_dir, port):
        logging = config.get("LoggingConfig") or {}
        level = logging.get("ApplicationLogLevel")
        return original(config, code_dir, port) | {
            "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
            **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {}),
        }

    lambda_svc._provided_worker_env = environment


def give_http_events_their_cookies():
    """In payload format 2.0 cookies are a list of their own, and not among the headers:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    Not needed once a session's cookie is accepted without this.
    """
    original = lambda_svc._execute_function_with_config_scope

    def execute(record, event, *rest, **options):
        if isinstance(event, dict) and event.get("version") == "2.0" and "cookie" in event["headers"]:
            headers = dict(event["headers"])
            event = event | {"cookies": headers.pop("cookie").split("; "), "headers": headers}
        return original(record, event, *rest, **options)

    lambda_svc._execute_function_with_config_scope = execute


def reach_http_apis_from_cloudfront(emulator_port):
    """MiniStack refuses origins whose names are AWS's, so that nothing leaves the machine; its own
    HTTP APIs are among them. Not needed once `/ping` of the site answers without this.
    """
    original = cloudfront._dataplane_origin

    def origin(element):
        parsed = original(element)
        api = re.fullmatch(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com", parsed["domain_name"])
        if api:
            parsed |= {
                "domain_name": "127.0.0.1",
                "http_port": emulator_port,
                "origin_path": f"/_aws/execute-api/{api[1]}{parsed['origin_path']}",
                "protocol_policy": "http-only",
            }
        return parsed

    cloudfront._dataplane_origin = origin


def tell_boundaries_the_tags():
    """MiniStack looks a resource's tags up only where the caller's own policies name them; a boundary
    that does refuses everything. Not needed once somebody can log in without this.
    """
    iam_evaluator._names_condition_key = lambda policies, prefix: True


def tell_conditions_the_role():
    """`aws:PrincipalArn` is the role whose session it is, with its path, and not the session:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    Not needed once somebody can log in without this.
    """
    original = iam_evaluator._resolve_condition_key

    def resolve(key, context):
        value = original(key, context)
        if key.lower() == "aws:principalarn" and ":assumed-role/" in value:
            account, name = value.split(":")[4], value.split("/")[1]
            role = iam._roles.get_scoped(account, None, name)
            value = role["Arn"] if role else value
        return value

    iam_evaluator._resolve_condition_key = resolve


def take_all_calls_for_safe():
    """On AWS each call comes by TLS, and the state's bucket refuses any other. Here they come over the
    loopback, in the clear. Needed as long as MiniStack is called so.
    """
    original = iam_evaluator._resolve_condition_key

    def resolve(key, context):
        return "true" if key.lower() == "aws:securetransport" else original(key, context)

    iam_evaluator._resolve_condition_key = resolve


def judge_mail_by_its_sender():
    """SES asks whether the caller may send from the identity that a mail is from, and tells conditions
    the address: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    MiniStack asks about `*`, and tells nothing. Not needed once a link is mailed without this.
    """
    original_resource, original_judge = iam_actions._ses_v2_resource_arn, app._enforce_data_plane
    # Between the two there is nothing to wait for, so no other call comes between.
    sender = ""

    def resource(method, path, body, region, account):
        nonlocal sender
        sender = ""
        if (method, path) == ("POST", "/v2/email/outbound-emails"):
            sender = parseaddr(json.loads(body).get("FromEmailAddress", ""))[1]
            return f"arn:aws:ses:{region}:{account}:identity/{sender.partition('@')[2]}"
        return original_resource(method, path, body, region, account)

    def judge(service, *rest, **options):
        if service == "sesv2" and sender:
            options["service_context"] = {"ses:FromAddress": sender}
        return original_judge(service, *rest, **options)

    iam_actions._ses_v2_resource_arn, app._enforce_data_plane = resource, judge


def tell_how_long_dkim_keys_are():
    """SES tells of a domain how long the keys are that were asked for:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html
    Not needed once a second plan shows no change without this.
    """
    original = ses_v2._easy_dkim_attributes

    def attributes(identity, identity_type, asked):
        lengths = {"NextSigningKeyLength": asked.get("NextSigningKeyLength", "RSA_2048_BIT")}
        return original(identity, identity_type, asked) | (lengths if identity_type == "DOMAIN" else {})

    ses_v2._easy_dkim_attributes = attributes


def describe_alarms_whole():
    """MiniStack keeps of an alarm what it evaluates, and tells less: Terraform would change every
    alarm at every apply. Here an alarm is described as it was asked for. Not needed once a second
    plan shows no change without this.
    """
    original_put, original_describe = cloudwatch._put_metric_alarm, cloudwatch._describe_alarms
    asked = {}

    def put(params, cbor_data, is_cbor, is_json=False):
        answer = original_put(params, cbor_data, is_cbor, is_json)
        if answer[0] == 200 and not (is_cbor or is_json):
            request = nested(params)
            asked[cloudwatch._alarms[request["AlarmName"]]["AlarmArn"]] = request
        return answer

    def describe(params, cbor_data, is_cbor, is_json=False):
        status, headers, body = original_describe(params, cbor_data, is_cbor, is_json)
        if status == 200 and not (is_cbor or is_json):
            body = re.sub(r"<member><AlarmName>(.*?)</AlarmName>.*?</member>", whole, body.decode()).encode()
        return status, headers, body

    def whole(member):
        alarm = cloudwatch._alarms.get(member[1])
        if alarm is None or alarm["AlarmArn"] not in asked:
            return member[0]
        own = {name: alarm[name] for name in ("AlarmArn", "StateValue", "StateReason")}
        return f"<member>{to_xml(asked[alarm['AlarmArn']] | own)}</member>"

    cloudwatch._put_metric_alarm, cloudwatch._describe_alarms = put, describe


def restore_since_the_beginning():
    """On AWS a table can be restored to any second of its last 35 days; MiniStack says this very
    second only (and restores what is there, whatever the instant). Not needed once
    `a_restore_brings_the_messages_back` passes without this.
    """
    original = dynamodb._describe_continuous_backups

    def describe(data):
        status, headers, body = original(data)
        answer = json.loads(body)
        if status == 200:
            window = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            window["EarliestRestorableDateTime"] = int(dynamodb._tables[data["TableName"]]["CreationDateTime"])
        return status, headers, json.dumps(answer).encode()

    dynamodb._describe_continuous_backups = describe


def nested(params):
    """{"Metrics.member.1.Id": ["e"]} -> {"Metrics": {"1": {"Id": "e"}}}: lists by their numbers."""
    tree = {}
    for name, (value, *_) in params.items():
        if name in ("Action", "Version") or name.startswith("Tags."):
            continue
        *path, leaf = [part for part in name.split(".") if part != "member"]
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[leaf] = value
    return tree


def to_xml(node):
    if not isinstance(node, dict):
        return escape(str(node))
    return "".join(
        f"<{tag}>{to_xml(child)}</{tag}>"
        for name, child in node.items()
        for tag in ["member" if name.isdigit() else name]
    )
