"""What `make test-emulated` proves of a stage that the same Terraform has just made on an emulated AWS.

Each check leaves the stage as it found it, but for the last one, which removes it.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import boto3

ENVIRONMENT = "dev"
NAME = f"parley-{ENVIRONMENT}"
SCENARIOS = "target/debug/parley-scenarios"
BODY = [
    "--http-url", os.environ["PARLEY_HTTP_URL"],
    "--websocket-url", os.environ["PARLEY_WEBSOCKET_URL"],
]  # fmt: skip
# One permission, and a scenario that cannot pass without it.
SAMPLES = [
    ("send-message", "dynamodb:PutItem", f"{NAME}-sends", "sending::texts_keep_their_bytes"),
    ("send-message", "execute-api:ManageConnections", "@connections", "tutorial::the_body_of_a_frame_speaks_for_nobody_else"),
    ("connection-manager", "dynamodb:PutItem", f"{NAME}-subscriptions", "sockets::hello_tells_who_and_where"),
    ("accounts", "kms:Sign", ":key/", "accounts::a_session_from_sign_up_to_its_end"),
]


class Failure(Exception):
    pass


def run(*command, env={}, expect=0):
    """What the command printed, when it ended as expected: 0, or 1 for one that must refuse."""
    command = [str(part) for part in command]
    ran = subprocess.run(command, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode != expect:
        raise Failure(f"{' '.join(command)} ended with {ran.returncode}, not {expect}:\n{ran.stdout[-6000:]}")
    return ran.stdout


def stage(command, **options):
    return run("scripts/stage", command, ENVIRONMENT, **options)


def ensure(condition, otherwise):
    if not condition:
        raise Failure(otherwise)


def changes(**options):
    """What a deploy would change: addresses of resources and outputs, with what would be done."""
    stage("plan", **options)
    plan = json.loads(run("terraform", "-chdir=terraform", "show", "-json", os.environ["TF_DATA_DIR"] + ".tfplan"))
    changed = {change["address"]: change["change"]["actions"] for change in plan["resource_changes"]}
    changed |= {f"output.{name}": change["actions"] for name, change in plan.get("output_changes", {}).items()}
    return {address: actions for address, actions in changed.items() if actions not in (["no-op"], ["read"])}


def a_second_plan_shows_no_change():
    changed = changes()
    ensure(changed == {}, f"what was just applied would change again: {changed}")


def the_smoke_test_passes():
    print(run(SCENARIOS, "smoke", *BODY, "--site-url", os.environ["PARLEY_SITE_URL"], "--throw-away"), end="")


def every_scenario_passes_with_iam_enforced():
    ran = subprocess.run([SCENARIOS, "run", "--body", "emulated", *BODY])
    ensure(ran.returncode == 0, "scenarios failed")


def each_right_that_is_taken_is_missed():
    for function, action, resource, scenario in SAMPLES:
        since = int(time.time() * 1000)
        with without(function, action, resource):
            run(SCENARIOS, "run", "--body", "emulated", *BODY, "--only", scenario, expect=1)
        denied = [message for message in logged(function, since) if "AccessDenied" in message and action in message]
        ensure(denied, f"the log of {function} does not say that {action} was denied")
        run(SCENARIOS, "run", "--body", "emulated", *BODY, "--only", scenario)
        print(f"    {function} without {action} on {resource}: {scenario} fails, and its log says why")


@contextlib.contextmanager
def without(function, action, resource):
    """The function's role without one action on one resource."""
    iam = boto3.client("iam")
    names = {"RoleName": f"{NAME}-{function}", "PolicyName": "calls"}
    policy = iam.get_role_policy(**names)["PolicyDocument"]
    less = json.loads(json.dumps(policy))
    taken = 0
    for statement in less["Statement"]:
        if action in statement["Action"] and resource in statement["Resource"][0]:
            statement["Action"].remove(action)
            taken += 1
    ensure(taken == 1, f"{function} has {action} on {resource} in {taken} statements, not in one")
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    iam.put_role_policy(**names, PolicyDocument=json.dumps(less))
    try:
        yield
    finally:
        iam.put_role_policy(**names, PolicyDocument=json.dumps(policy))


def logged(function, since):
    pages = boto3.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=f"/aws/lambda/{NAME}-{function}", startTime=since):
        for event in page["events"]:
            yield event["message"]


def the_log_can_be_read():
    lines = stage("logs", env={"FUNCTION": "accounts"}).splitlines()
    ensure(any(" accounts: " in line for line in lines), f"make logs showed nothing of accounts: {lines[:5]}")
    said = stage("logs", env={"FUNCTION": "nobody"}, expect=1)
    ensure("parley: there is no log group" in said, said)


def a_failed_apply_leaves_the_old_version_serving():
    zips = new_version_of("ping")
    address = 'module.function["ping"].aws_lambda_function.this'
    with somebody_who_may_not("lambda:UpdateFunctionCode") as credentials:
        said = stage("apply", env={"LAMBDA_DIR": zips} | credentials, expect=1)
    ensure("parley: the apply failed half-way" in said, said)
    ensure("lambda:UpdateFunctionCode" in said, said)
    the_smoke_test_passes()
    changed = changes(env={"LAMBDA_DIR": zips})
    ensure(changed == {address: ["update"]}, f"the state is not what is there: {changed}")
    old, new = pathlib.Path(os.environ["LAMBDA_DIR"], "ping.zip").read_bytes(), pathlib.Path(zips, "ping.zip")
    mended = new.read_bytes()
    new.write_bytes(old)
    changed = changes(env={"LAMBDA_DIR": zips})
    ensure(changed == {address: ["update"]}, f"the way back would leave alone what was half-way there: {changed}")
    new.write_bytes(mended)
    stage("apply", env={"LAMBDA_DIR": zips})
    changed = changes(env={"LAMBDA_DIR": zips})
    ensure(changed == {}, f"the mended deploy is not whole: {changed}")
    the_smoke_test_passes()
    # Back, as a rollback goes.
    stage("apply")


def new_version_of(function):
    """A folder of zips of which one differs."""
    old, new = pathlib.Path(os.environ["LAMBDA_DIR"]), pathlib.Path(os.environ["LAMBDA_DIR"] + "-new")
    new.mkdir(exist_ok=True)
    for path in old.glob("*.zip"):
        (new / path.name).write_bytes(path.read_bytes())
    binaries = old.parent / "bin-new"
    binaries.mkdir(exist_ok=True)
    binary = (old.parent / "bin" / function).read_bytes() + b"\0"
    (binaries / function).write_bytes(binary)
    run("scripts/package", binaries, new, function)
    return str(new)


@contextlib.contextmanager
def somebody_who_may_not(action):
    """The credentials of a user who may do everything else."""
    iam = boto3.client("iam")
    user = {"UserName": "not-quite-an-administrator"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": action, "Resource": "*"},
        ],
    }
    iam.create_user(**user)
    iam.put_user_policy(**user, PolicyName="all-but-one", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(**user)["AccessKey"]
    try:
        yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    finally:
        iam.delete_access_key(**user, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(**user, PolicyName="all-but-one")
        iam.delete_user(**user)


def a_restore_brings_the_messages_back():
    for at, why in [
        ("", "to which instant?"),
        ("yesterday", "'yesterday' is not an instant as in 2026-11-23T05:00:00Z"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z is not among them"),
        ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00Z is not among them"),
    ]:
        said = stage("restore", env={"AT": at}, expect=1)
        ensure(why in said, f"AT={at} is refused by other words: {said}")

    # So that there is a room with an epoch, and a message.
    run(SCENARIOS, "run", "--body", "emulated", *BODY, "--only", "sockets::hello_tells_who_and_where")
    the_smoke_test_passes()
    first = tables()
    before = {name: rows(first[name]) for name in first}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    generation = "-r" + re.sub("[^0-9]", "", at)
    said = stage("restore", env={"AT": at})
    lines = [f'table_generation = "{generation}"', 'restored_tables  = ["messages", "sends", "rooms", "accounts"]']
    ensure(all(line in said for line in lines), f"the restore does not say what to write: {said}")
    said = stage("restore", env={"AT": at}, expect=1)
    ensure("is there from an earlier restore" in said, said)

    switched = {"VAR_FILE": variables(*lines)}
    stage("apply", env=switched)
    changed = changes(env=switched)
    ensure(changed == {}, f"what was restored would change again: {changed}")
    second = tables()
    restored = {name for name in first if second[name] == first[name] + generation}
    ensure(restored == set(first) - {"connections", "subscriptions"}, f"other tables than expected were restored: {second}")
    for name in restored - {"rooms"}:
        ensure(before[name] and rows(second[name]) == before[name], f"{second[name]} does not have the rows of {first[name]}")
    epochs = {name: epoch_of_general(name) for name in (first["rooms"], second["rooms"])}
    ensure(len(set(epochs.values())) == 2, f"clients cannot know that the log is another: {epochs}")
    the_smoke_test_passes()
    ensure(len(rows(second["messages"])) > len(before["messages"]), "messages do not go into the restored table")
    ensure(rows(first["messages"]) == before["messages"], "messages go into the table of before")

    # Back to the first ones, as when the restore was a mistake.
    stage("forget")
    stage("apply", env={"VAR_FILE": variables('table_generation = ""', lines[1])})
    ensure(tables() == first, f"the way back does not lead to the first tables: {tables()}")
    for name in restored:
        boto3.client("dynamodb").delete_table(TableName=second[name])


def tables():
    return json.loads(run("terraform", "-chdir=terraform", "output", "-json", "table_names"))


def variables(*lines):
    """A file of the stage's own variables, with these lines for their likes."""
    path = pathlib.Path(os.environ["LAMBDA_DIR"]).parent / "restored.tfvars"
    own = pathlib.Path(os.environ["VAR_FILE"]).read_text().splitlines()
    kept = [line for line in own if not line.startswith(tuple(each.split()[0] for each in lines))]
    path.write_text("\n".join([*kept, *lines]) + "\n")
    return str(path)


def rows(table):
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return sorted((json.dumps(item, sort_keys=True, default=str) for page in pages for item in page["Items"]))


def epoch_of_general(table):
    key = {"room": {"S": "general"}, "id": {"S": "#meta"}}
    return boto3.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["epoch"]["N"]


def what_is_wrong_is_refused_in_a_line():
    files = ["-input=false", f"-var-file=env/{ENVIRONMENT}.tfvars", f"-var-file={os.environ['VAR_FILE']}"]
    plan = ["terraform", "-chdir=terraform", "plan", "-no-color", "-lock=false", *files]
    site = f"-var=site_dir={pathlib.Path('target/site').absolute() / ENVIRONMENT}"
    lambdas = f"-var=lambda_dir={os.environ['LAMBDA_DIR']}"
    run("terraform", "-chdir=terraform", "workspace", "new", "staging")
    try:
        said = " ".join(run(*plan, site, lambdas, expect=1).split())
    finally:
        run("terraform", "-chdir=terraform", "workspace", "select", ENVIRONMENT)
        run("terraform", "-chdir=terraform", "workspace", "delete", "staging")
    ensure("the workspace is 'staging': one of the two is wrong" in said, said)
    said = run(*plan, site, lambdas, "-var=account_id=111111111111", expect=1)
    ensure("AWS account ID not allowed: 000000000000" in said, said)
    said = stage("plan", env={"LAMBDA_DIR": "nowhere"}, expect=1)
    ensure("parley: there is no nowhere/accounts.zip: run 'make build' first" in said, said)
    # Without a restore before it, another generation of tables would replace those that are there.
    said = stage("plan", env={"VAR_FILE": variables('table_generation = "-none"', 'restored_tables = ["messages"]')}, expect=1)
    ensure(f"parley: this would delete {NAME}-" in said, said)


def after_a_destroy_nothing_is_left():
    stage("destroy")
    left = {
        "functions": [f["FunctionName"] for f in boto3.client("lambda").list_functions()["Functions"]],
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        "roles": [r["RoleName"] for r in boto3.client("iam").list_roles(PathPrefix=f"/parley/{ENVIRONMENT}/")["Roles"]],
        "log groups": [g["logGroupName"] for g in boto3.client("logs").describe_log_groups()["logGroups"]],
        "APIs": [api["Name"] for api in boto3.client("apigatewayv2").get_apis()["Items"]],
        "alarms": [a["AlarmName"] for a in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "topics": boto3.client("sns").list_topics()["Topics"],
        "distributions": boto3.client("cloudfront").list_distributions()["DistributionList"].get("Items", []),
        "buckets": [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"] if NAME in b["Name"]],
    }
    ensure(not any(left.values()), f"left after the destroy: {left}")
    kms = boto3.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    states = {key["KeyState"] for key in keys}
    ensure(states == {"PendingDeletion"}, f"keys are not pending deletion: {states}")


CHECKS = [
    a_second_plan_shows_no_change,
    the_smoke_test_passes,
    every_scenario_passes_with_iam_enforced,
    each_right_that_is_taken_is_missed,
    the_log_can_be_read,
    what_is_wrong_is_refused_in_a_line,
    a_failed_apply_leaves_the_old_version_serving,
    a_restore_brings_the_messages_back,
    a_second_plan_shows_no_change,
    after_a_destroy_nothing_is_left,
]


def main():
    for check in CHECKS:
        title = check.__name__.replace("_", " ")
        print(f"==> {title}", flush=True)
        started = time.monotonic()
        try:
            check()
        except Failure as failure:
            print(f"\n==> FAILED: {title}: {failure}", file=sys.stderr)
            return 1
        print(f"    {time.monotonic() - started:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
