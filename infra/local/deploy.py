"""What a deployment does, against the emulator: sam build with cargo-lambda, sam deploy, and through the stack a night of reviews and a day
of webhooks.

Run by `make deploy-local` with the Python of .tools/sam. Nothing of it reaches AWS: every process is given the emulator's
address and credentials that are none.
"""

import contextlib
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
STACK = "order-relay"
ORDERS = 20
SHOP = "sandbox.myshopify.com"
PATIENCE = 120


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


@contextlib.contextmanager
def running(command, environment, log):
    """The command and all that it starts, until the end of the block: keep.py ends it when its standard input does."""
    keep = [TOOLS / "emulator/bin/python", ROOT / "crates/local/src/keep.py", *command]
    with open(log, "w") as out:
        process = subprocess.Popen(keep, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True)
        try:
            yield log
        finally:
            process.stdin.close()
            process.wait()


def until(what, condition):
    begun = time.monotonic()
    while not (result := condition()):
        if time.monotonic() - begun > PATIENCE:
            sys.exit(f"still not after {PATIENCE} s: {what}")
        time.sleep(0.2)
    return result


def answers(url):
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(url, timeout=2).read()


def timed(what, command, environment):
    begun = time.monotonic()
    print(f"— {what}: {' '.join(map(str, command[1:]))}", flush=True)
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
    print(f"— {what}: {time.monotonic() - begun:.1f} s", flush=True)


def sam(environment):
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    # Layers are not mounted there, so the functions read the file itself.
    parameters = [f"Architecture={architecture}", f"ConfigPath={ROOT / 'infra/config/relay.toml'}", "ScheduleState=DISABLED",
                  "OnEmulator=true", "LedgerDeletionProtection=false", "ErpFlow=true"]
    program = TOOLS / "sam/bin/sam"
    timed("build", [program, "build", "--beta-features", "--parameter-overrides", *parameters], environment)
    timed("deploy", [program, "deploy", "--stack-name", STACK, "--resolve-s3", "--no-confirm-changeset", "--no-progressbar",
                     "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
                     "--parameter-overrides", *parameters], environment)


def request(url, body=None, headers=None):
    """The answer's status and text; a body makes it a POST."""
    sent = urllib.request.Request(url, None if body is None else body.encode(), headers or {})
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def check(client, endpoint, sandbox_log):
    """What the stack must be able to do: a night's orders reach Yotpo, and a day's webhooks NetSuite."""
    stack = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}
    said = until("the sandbox listens", lambda: "secret for Shopify" in sandbox_log.read_text() and sandbox_log.read_text())
    for name, vendor in (("salesforce", "Salesforce"), ("yotpo", "Yotpo"), ("shopify", "Shopify"), ("netsuite", "NetSuite")):
        secret = re.search(f"secret for {vendor}: (.*)", said)[1]
        client("secretsmanager").put_secret_value(SecretId=f"{STACK}/{name}", SecretString=secret)
    mappings = client("lambda").list_event_source_mappings()["EventSourceMappings"]
    if not mappings or not all(it["FunctionArn"].endswith(":live") for it in mappings):
        sys.exit("the queue does not start the alias")
    for it in mappings:
        # CloudFormation makes a number of a Number parameter. The emulator keeps the text, over which its poller stumbles.
        concurrency = {"MaximumConcurrency": int(it["ScalingConfig"]["MaximumConcurrency"])}
        client("lambda").update_event_source_mapping(UUID=it["UUID"], ScalingConfig=concurrency)
    event = {"scheduled_at": datetime.now(timezone.utc).isoformat()}
    answer = client("lambda").invoke(
        FunctionName=outputs["ReviewsProducerFunction"], Qualifier="live", Payload=json.dumps(event))
    body = json.load(answer["Payload"])
    print(f"— the producer answered {json.dumps(body)}")
    if not body.get("settled"):
        sys.exit("the producer did not settle the night")
    if answer["ExecutedVersion"] == "$LATEST":
        sys.exit("the alias is no version")
    enqueued = sum(run["enqueued"] for run in body["runs"])
    sandbox = re.search(r"http://\S+(?= \(see)", said)[0] + "/_sandbox"

    def arrived():
        return json.loads(request(f"{sandbox}/report")[1])["accounts"]

    def depth(output):
        depth = client("sqs").get_queue_attributes(QueueUrl=outputs[output], AttributeNames=["All"])["Attributes"]
        return sum(int(depth[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed"))

    until("the reviews queue is empty", lambda: depth("ReviewsQueueUrl") == 0)
    # The emulator serves an API under its own address.
    api, path = re.fullmatch(r"https://([^.]+)\.execute-api\.[^/]+/(.*)", outputs["ShopifyWebhookUrl"]).groups()
    url = f"{endpoint}/_aws/execute-api/{api}/$default/{path}"
    sent, agreed = webhooks(url, sandbox, lambda: depth("ErpQueueUrl") == 0)
    if letters := depth("ErpDeadLetterQueueUrl"):
        sys.exit(f"{letters} dead letters of the erp flow")
    client("cloudwatch").get_dashboard(DashboardName=outputs["Dashboard"])
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    kinds = client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    print(f"— {len(kinds)} resources, {len(alarms)} alarms, {enqueued} orders on the queue; Yotpo saw: {json.dumps(arrived())}")
    print(f"— {sent} webhooks accepted; NetSuite has {agreed['orders']} orders, {agreed['lines']} lines, {agreed['memos']} memos, worth "
          f"{json.dumps(agreed['netsuite'])}, as Shopify has them")


def rounds(plan):
    """The webhooks in their order, one of each record at a time: with the shipped waits an update that comes while its order is being
    written would wait for a quarter of an hour."""
    before = {}
    several = []
    for delivery in plan:
        topic = dict(delivery["headers"])["X-Shopify-Topic"].split("/")[0]
        record = (topic, json.loads(delivery["body"])["id"])
        place = before[record] = before.get(record, -1) + 1
        if place == len(several):
            several.append([])
        several[place].append(delivery)
    return several


def webhooks(url, sandbox, drained):
    """Shopify tells of yesterday's orders through the stack's API; NetSuite has in the end what Shopify has."""
    yesterday = (datetime.now(timezone.utc) - timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    told = json.dumps({"shop": SHOP, "orders": ORDERS, "start": yesterday.isoformat()})
    plan = json.loads(request(f"{sandbox}/webhooks", told, {"Content-Type": "application/json"})[1])
    for several in rounds(plan):
        for delivery in several:
            status, text = request(url, delivery["body"], dict(delivery["headers"]))
            if status != 200:
                sys.exit(f"a webhook was answered with {status}: {text}")
        until("the erp queue is empty", drained)
    # Who changes what Shopify signed is refused.
    status, _ = request(url, plan[0]["body"] + " ", dict(plan[0]["headers"]))
    if status != 401:
        sys.exit(f"a webhook with another body was answered with {status}")
    agreed = json.loads(request(f"{sandbox}/agreement")[1])
    if wrong := {name: agreed[name] for name in ("lost", "doubled", "unexpected", "differing") if agreed[name]}:
        sys.exit(f"NetSuite is not as Shopify is: {json.dumps(wrong)}")
    return len(plan), agreed


def main():
    subprocess.run(["cargo", "build", "--locked", "-p", "sandbox"], cwd=ROOT, check=True)
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    # A developer's own credentials and profile go nowhere from here.
    base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # SAM looks for what cargo-lambda built where cargo puts it by itself.
    base.pop("CARGO_TARGET_DIR", None)
    aws = {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
           "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        emulator = aws | {"PATH": base["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "BIND_HOST": "127.0.0.1",
                          "GATEWAY_PORT": str(port), "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
        vendors = [target / "debug/sandbox", "--orders", str(ORDERS), "--zone", "Etc/UTC"]
        with running([TOOLS / "emulator/bin/ministack"], emulator, folder / "emulator.log"), \
                running(vendors, base, folder / "sandbox.log") as sandbox_log:
            until("the emulator answers", lambda: answers(f"{endpoint}/_ministack/health"))
            path = f"{TOOLS / 'lambda/bin'}:{TOOLS / 'sam/bin'}:{base['PATH']}"
            sam(base | aws | {"PATH": path, "CARGO_LAMBDA_COMPILER": "cargo", "SAM_CLI_TELEMETRY": "0", "HOME": str(folder),
                              "CARGO_HOME": base.get("CARGO_HOME", str(Path.home() / ".cargo")),
                              "RUSTUP_HOME": base.get("RUSTUP_HOME", str(Path.home() / ".rustup"))})
            session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
            check(lambda service: session.client(service, endpoint_url=endpoint), endpoint, sandbox_log)


if __name__ == "__main__":
    main()
