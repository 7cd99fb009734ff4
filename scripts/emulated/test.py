"""What `make test-emulated` proves of a stage that the same Terraform has just made on an emulated AWS.

Each check leaves the stage as it found it, but for the last two: one rotates the key for good, the
other removes the stage.
"""

import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import jwt
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

ENVIRONMENT = "dev"
NAME = f"parley-{ENVIRONMENT}"
SCENARIOS = "target/debug/parley-scenarios"
BODY = [
    "--http-url", os.environ["PARLEY_HTTP_URL"],
    "--websocket-url", os.environ["PARLEY_WEBSOCKET_URL"],
]  # fmt: skip
# Where mails, administrators and the other issuer are, it reads in the environment: main.py.
RUN = [SCENARIOS, "run", "--body", "emulated", *BODY]
# One permission, and a scenario that cannot pass without it.
SAMPLES = [
    ("send-message", "dynamodb:PutItem", f"{NAME}-sends", "sending::texts_keep_their_bytes"),
    ("send-message", "execute-api:ManageConnections", "@connections", "tutorial::the_body_of_a_frame_speaks_for_nobody_else"),
    ("rooms", "dynamodb:UpdateItem", f"{NAME}-memberships", "rooms::a_room_is_made_joined_and_left"),
    ("connection-manager", "dynamodb:PutItem", f"{NAME}-subscriptions", "sockets::hello_tells_who_and_where"),
    ("connection-manager", "dynamodb:GetItem", f"{NAME}-accounts", "sockets::hello_tells_who_and_where"),
    ("accounts", "kms:Sign", ":key/", "accounts::a_session_from_sign_up_to_its_end"),
    ("accounts", "ses:SendEmail", ":identity/", "accounts::a_link_confirms_an_address"),
    ("accounts", "execute-api:ManageConnections", "/DELETE/@connections", "sessions::a_log_out_closes_its_sockets"),
    ("admin", "dynamodb:UpdateItem", f"{NAME}-messages", "admin::erase_leaves_numbers_and_the_name"),
    ("authorizer", "ssm:GetParameter", "/issuers/", "outside::a_token_of_another_issuer_opens_a_socket"),
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
    ran = subprocess.run(RUN)
    ensure(ran.returncode == 0, "scenarios failed")


def each_right_that_is_taken_is_missed():
    for function, action, resource, scenario in SAMPLES:
        since = int(time.time() * 1000)
        with without(function, action, resource):
            start_anew(function)
            run(*RUN, "--only", scenario, expect=1)
        # By its operation alone where AWS's own words would name somebody's address.
        operation = action.split(":")[1]
        denied = [message for message in logged(function, since) if "AccessDenied" in message and operation in message]
        ensure(denied, f"the log of {function} does not say that {action} was denied")
        # Nor does it keep that it could not read something.
        start_anew(function)
        run(*RUN, "--only", scenario)
        print(f"    {function} without {action} on {resource}: {scenario} fails, and its log says why")


def who_may_not_invoke_admin_is_refused():
    command = ["target/debug/parley", "admin", "show", "nobody", "--env", ENVIRONMENT]
    with somebody_who_may_not("lambda:InvokeFunction") as credentials:
        said = run(*command, env=credentials, expect=1)
    ensure("lambda:InvokeFunction" in said, f"the refusal does not name the right: {said}")
    said = run(*command, expect=1)
    ensure("There is no such user" in said, f"whoever may is answered otherwise: {said}")


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


def start_anew(function):
    """Ends the function's processes, which keep what they have read, as a secret. On AWS any change does;
    here one of what a process starts with, be it to the same value."""
    functions = boto3.client("lambda")
    name = f"{NAME}-{function}"
    patience = functions.get_function_configuration(FunctionName=name)["Timeout"]
    functions.update_function_configuration(FunctionName=name, Timeout=patience)


def logged(function, since):
    pages = boto3.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=f"/aws/lambda/{NAME}-{function}", startTime=since):
        for event in page["events"]:
            yield event["message"]


def a_token_made_by_a_django_view_opens_a_socket():
    """As in docs/outside-issuers.md, with the tutorial's frames, by programs that are not ours."""
    secret, socket_url = os.environ["PARLEY_OUTSIDE_SECRET"], os.environ["PARLEY_WEBSOCKET_URL"]
    now, text = int(time.time()), f"from the intranet, {os.getpid()}"
    claims = {"sub": "7", "username": "ada", "iss": "https://intranet.example", "aud": "parley"}
    claims |= {"iat": now, "exp": now + 600}
    token = jwt.encode(claims, secret, algorithm="HS256")
    with connect(f"{socket_url}?token={token}", proxy=None) as socket:
        socket.send(json.dumps({"action": "sendMessage", "token": token, "content": text}))
        [message] = received(socket, "messages", text)
        ensure(message["username"] == "intranet/ada", f"it speaks as {message['username']}")
        ensure(message["userId"].startswith("x_"), f"it is {message['userId']}")
        socket.send(json.dumps({"action": "getRecentMessages"}))
        ensure(received(socket, "messages", text)[-1] == message, "history has another message")
    for wrong, signed in {
        "of another secret": jwt.encode(claims, secret[::-1], algorithm="HS256"),
        "for somebody else": jwt.encode(claims | {"aud": "wiki"}, secret, algorithm="HS256"),
        "good for an hour": jwt.encode(claims | {"exp": now + 3600}, secret, algorithm="HS256"),
        "without a signature": jwt.encode(claims, None, algorithm="none"),
    }.items():
        try:
            with connect(f"{socket_url}?token={signed}", proxy=None):
                raise Failure(f"a token {wrong} opens a socket")
        except InvalidStatus as refused:
            ensure(refused.response.status_code == 403, f"a token {wrong} is refused with {refused.response.status_code}")


def received(socket, field, text):
    """The `field` of the first frame that has it, with a message of this text in it."""
    deadline = time.monotonic() + 20
    while (left := deadline - time.monotonic()) > 0:
        frame = json.loads(socket.recv(timeout=left))
        if any(message.get("content") == text for message in frame.get(field, [])):
            return frame[field]
    raise Failure(f"no frame came with {text!r}")


def nobody_logs_in_before_their_address_is_confirmed():
    """With `verify_email`, as environments have it unless they say otherwise."""
    stage("apply", env={"VAR_FILE": variables("verify_email = true")})
    name, email = f"waiting-{os.getpid()}", f"waiting-{os.getpid()}@example.com"
    login = {"login": name, "password": f"a long pass phrase {time.time()}"}
    account = {"username": name, "email": email, "password": login["password"]}
    call("POST", "/v1/accounts", account | {"email": ""}, expect=400)
    answer, _ = call("POST", "/v1/accounts", account, expect=201)
    ensure(answer["status"] == "unverified", f"the account is {answer['status']}")
    call("POST", "/v1/sessions", login, expect=403)
    call("POST", "/v1/emails/verify", {"token": link_mailed_to(email)})
    call("POST", "/v1/sessions", login)
    call("POST", "/v1/sessions", login | {"login": email})
    stage("apply")


def link_mailed_to(address):
    """The secret of the link in the newest mail."""
    with urllib.request.urlopen(os.environ["PARLEY_MAILBOX_URL"], timeout=30) as response:
        accounts = json.load(response)["messages"]
    mails = [mail for mails in accounts.values() for mail in mails if address in mail["To"]]
    ensure(mails, "no mail came")
    return re.search("#token=([^&\\s]+)", mails[-1]["BodyText"])[1]


def the_log_can_be_read():
    lines = stage("logs", env={"FUNCTION": "accounts"}).splitlines()
    ensure(any(" accounts: " in line for line in lines), f"make logs showed nothing of accounts: {lines[:5]}")
    said = stage("logs", env={"FUNCTION": "nobody"}, expect=1)
    ensure("parley: there is no log group" in said, said)


def a_failed_apply_leaves_the_old_version_serving_and_the_next_loses_nothing():
    zips = new_version_of("send-message")
    address = 'module.function["send-message"].aws_lambda_function.this'
    with somebody_who_may_not("lambda:UpdateFunctionCode") as credentials:
        said = stage("apply", env={"LAMBDA_DIR": zips} | credentials, expect=1)
    ensure("parley: the apply failed half-way" in said, said)
    ensure("lambda:UpdateFunctionCode" in said, said)
    the_smoke_test_passes()
    changed = changes(env={"LAMBDA_DIR": zips})
    ensure(changed == {address: ["update"]}, f"the state is not what is there: {changed}")
    old, new = (pathlib.Path(folder, "send-message.zip") for folder in (os.environ["LAMBDA_DIR"], zips))
    mended = new.read_bytes()
    new.write_bytes(old.read_bytes())
    changed = changes(env={"LAMBDA_DIR": zips})
    ensure(changed == {address: ["update"]}, f"the way back would leave alone what was half-way there: {changed}")
    new.write_bytes(mended)
    deploy_while_people_talk(zips)
    changed = changes(env={"LAMBDA_DIR": zips})
    ensure(changed == {}, f"the mended deploy is not whole: {changed}")
    the_smoke_test_passes()
    # Back, as a rollback goes.
    stage("apply")


def deploy_while_people_talk(zips):
    """Whatever they said meanwhile, over bad lines, is what all of them see."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        deploy = pool.submit(stage, "apply", env={"LAMBDA_DIR": zips})
        while not deploy.done():
            run(*RUN, "--only", "history::a_crowd_over_bad_lines_has_one_history")
        deploy.result()


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
    run(*RUN, "--only", "sockets::hello_tells_who_and_where")
    the_smoke_test_passes()
    first = tables()
    before = {name: rows(first[name]) for name in first}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    generation = "-r" + re.sub("[^0-9]", "", at)
    said = stage("restore", env={"AT": at})
    lines = [f'table_generation = "{generation}"', 'restored_tables  = ["messages", "sends", "memberships", "rooms", "accounts"]']
    ensure(all(line in said for line in lines), f"the restore does not say what to write: {said}")
    said = stage("restore", env={"AT": at}, expect=1)
    ensure("is there from an earlier restore" in said, said)

    switched = {"VAR_FILE": variables(*lines)}
    stage("apply", env=switched)
    changed = changes(env=switched)
    ensure(changed == {}, f"what was restored would change again: {changed}")
    second = tables()
    restored = {name for name in first if second[name] == first[name] + generation}
    ensure(restored == set(first) - {"connections", "rates", "subscriptions"}, f"other tables than expected were restored: {second}")
    for name in restored - {"rooms"}:
        there, now = rows(second[name]), time.time()
        lasting = unexpired(before[name], now)
        ensure(lasting and unexpired(there, now) == lasting, f"{second[name]} does not have the rows of {first[name]}")
    was, now = epochs(before["rooms"]), epochs(rows(second["rooms"]))
    ensure("general" in was and was.keys() == now.keys(), f"other rooms than before: {was}, {now}")
    same = [room for room in was if was[room] == now[room]]
    ensure(not same, f"clients cannot know that the log is another: {same}")
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
    path = pathlib.Path(os.environ["LAMBDA_DIR"]).parent / "changed.tfvars"
    own = pathlib.Path(os.environ["VAR_FILE"]).read_text().splitlines()
    kept = [line for line in own if not line.startswith(tuple(each.split()[0] for each in lines))]
    path.write_text("\n".join([*kept, *lines]) + "\n")
    return str(path)


def rows(table):
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return sorted((json.dumps(item, sort_keys=True, default=str) for page in pages for item in page["Items"]))


def unexpired(rows, now):
    """The others may be gone at any time: the count of somebody's tickets a minute later."""
    return [row for row in rows if float(json.loads(row).get("expiresAt", {}).get("N", "inf")) > now]


def epochs(rooms):
    items = [json.loads(row) for row in rooms]
    return {item["room"]["S"]: item["epoch"]["N"] for item in items if item["id"]["S"] == "#meta"}


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


def a_rotation_of_the_key_logs_nobody_out():
    """The three deploys of docs/operations.md. The key of before is gone after it, for good."""
    name, password = f"rotated-{os.getpid()}", f"a long pass phrase {time.time()}"
    call("POST", "/v1/accounts", {"username": name, "password": password}, expect=201)
    login = {"login": name, "password": password}
    session, cookie = call("POST", "/v1/sessions", login)
    first = session["accessToken"]

    rotate('active = "first", published = ["first", "second"]')
    call("GET", "/v1/me", token=first)
    rotate('active = "second", published = ["first", "second"]')
    call("GET", "/v1/me", token=first)
    session, cookie = call("POST", "/v1/sessions/refresh", cookie=cookie)
    second = session["accessToken"]
    ensure(key_of(first) != key_of(second), "the new key does not sign")
    call("GET", "/v1/me", token=second)
    rotate('active = "second", published = ["second"]')
    call("GET", "/v1/me", token=first, expect=401)
    call("GET", "/v1/me", token=second)
    session, cookie = call("POST", "/v1/sessions/refresh", cookie=cookie)
    ensure(key_of(session["accessToken"]) == key_of(second), "another key signs than the one that is left")


def rotate(keys):
    # For what comes after, too: without it the key of before would be made again.
    os.environ["VAR_FILE"] = variables(f"signing_keys = {{ {keys} }}")
    stage("apply")


def call(method, path, body=None, token=None, cookie=None, expect=200):
    """What an HTTP call answers, and the cookies that the next one sends."""
    headers = {"content-type": "application/json"}
    headers |= {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"cookie": cookie} if cookie else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["PARLEY_HTTP_URL"] + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            status, text, headers = response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        status, text, headers = error.code, error.read(), error.headers
    ensure(status == expect, f"{method} {path} answers {status}, not {expect}: {text.decode()}")
    cookies = [each.split(";")[0] for each in headers.get_all("set-cookie", [])]
    return json.loads(text or b"null"), "; ".join(cookies)


def key_of(token):
    """The `kid` of a JWT."""
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]


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
        "identities": boto3.client("sesv2").list_email_identities()["EmailIdentities"],
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
    who_may_not_invoke_admin_is_refused,
    a_token_made_by_a_django_view_opens_a_socket,
    nobody_logs_in_before_their_address_is_confirmed,
    the_log_can_be_read,
    what_is_wrong_is_refused_in_a_line,
    a_failed_apply_leaves_the_old_version_serving_and_the_next_loses_nothing,
    a_restore_brings_the_messages_back,
    a_second_plan_shows_no_change,
    a_rotation_of_the_key_logs_nobody_out,
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
