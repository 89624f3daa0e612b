"""The smaller documents by IAM's own rules: secret, release, logs, Session Manager, and who may assume the role."""

import pytest
from documents import rendered
from evaluator import ACCOUNT, ALLOWED, DENIED
from values import PARAMETER, VALUES

BUCKET = "arn:aws:s3:::lake"


def of(evaluator, document, action, resource, **context):
    named = {name.replace("__", ":"): value for name, value in context.items()}
    values = VALUES | ({"secret_arn": PARAMETER} if document == "parameter" else {})
    return evaluator.decide(action, resource, named, rights=rendered(document, **values), guard=None)


@pytest.mark.parametrize(
    ("document", "arn", "read", "others"),
    [
        ("secret", VALUES["secret_arn"], "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
        ("parameter", PARAMETER, "ssm:GetParameter", "ssm:PutParameter"),
    ],
)
def test_one_secret_is_read_and_no_other(evaluator, document, arn, read, others):
    assert of(evaluator, document, read, arn) == ALLOWED
    assert of(evaluator, document, others, arn) == DENIED
    assert of(evaluator, document, read, arn.replace("collector/x", "another/x")) == DENIED


def test_one_release_is_read_and_no_other(evaluator):
    assert of(evaluator, "release", "s3:GetObject", f"{BUCKET}/{VALUES['release_key']}") == ALLOWED
    assert of(evaluator, "release", "s3:PutObject", f"{BUCKET}/{VALUES['release_key']}") == DENIED
    assert of(evaluator, "release", "s3:GetObject", f"{BUCKET}/releases/collector-0.2.0.whl") == DENIED


def test_logs_go_to_one_group(evaluator):
    stream = f"{VALUES['log_group_arn']}:log-stream:i-0123456789abcdef0"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert of(evaluator, "logs", action, stream) == ALLOWED
        assert of(evaluator, "logs", action, stream.replace("/collector", "/another")) == DENIED
        assert of(evaluator, "logs", action, stream.replace("/collector", "/collector-2")) == DENIED
    assert of(evaluator, "logs", "logs:DeleteLogStream", stream) == DENIED


def test_metrics_go_to_one_namespace(evaluator):
    assert of(evaluator, "logs", "cloudwatch:PutMetricData", "*", cloudwatch__namespace="Collector") == ALLOWED
    assert of(evaluator, "logs", "cloudwatch:PutMetricData", "*", cloudwatch__namespace="AWS/EC2") == DENIED
    assert of(evaluator, "logs", "cloudwatch:PutMetricData", "*") == DENIED


def test_session_manager_opens_channels_and_runs_no_commands(evaluator):
    for action in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"):
        assert of(evaluator, "session-manager", f"ssmmessages:{action}", "*") == ALLOWED
    instance = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-0123456789abcdef0"
    for action in ("ssm:SendCommand", "ssm:StartSession"):
        assert of(evaluator, "session-manager", action, instance) == DENIED


def test_ec2_alone_assumes_the_role_of_an_instance(evaluator):
    trust = rendered("trust-ec2", **VALUES)
    assert evaluator.trusts("ec2.amazonaws.com", "sts:AssumeRole", {}, trust=trust)
    assert not evaluator.trusts("lambda.amazonaws.com", "sts:AssumeRole", {}, trust=trust)


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:TagSession"])
def test_pods_of_the_accounts_own_clusters_alone_assume_the_role(evaluator, action):
    trust, pods = rendered("trust-eks-pods", **VALUES), "pods.eks.amazonaws.com"
    cluster = f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/one"
    assert evaluator.trusts(pods, action, {"aws:RequestTag/eks-cluster-arn": cluster}, trust=trust)
    elsewhere = cluster.replace(ACCOUNT, "444455556666")
    assert not evaluator.trusts(pods, action, {"aws:RequestTag/eks-cluster-arn": elsewhere}, trust=trust)
    assert not evaluator.trusts(pods, action, {}, trust=trust)
    assert not evaluator.trusts("ec2.amazonaws.com", action, {"aws:RequestTag/eks-cluster-arn": cluster}, trust=trust)
