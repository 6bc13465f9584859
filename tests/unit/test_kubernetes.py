"""The manifests of Kubernetes: valid, without secrets, in step with the image and the settings."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml

import webhook_worker
from sheaf.api.routers.health import CHECK_SECONDS, router
from sheaf.api.state import RENDERED_AT_ONCE
from sheaf.cli.commands import COMMANDS
from sheaf.composition import SLICES_PER_PROCESS
from sheaf.config import Settings
from sheaf.contracts.temporal.queues import SLICES
from sheaf.contracts.temporal.runs import MAX_CONCURRENCY
from sheaf.rules.scheduling.admission import FEWEST_CACHED, capacity

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OLDEST, NEWEST = "1.29", "1.37"
GIB = 1024**3

# What KEDA's documentation of the versions 2.17 to 2.22 has alike.
TRIGGER_FIELDS = {
    "temporal": {
        *("endpoint", "endpointFromEnv", "namespace", "taskQueue", "queueTypes", "unsafeSsl"),
        *("targetQueueSize", "activationTargetQueueSize", "apiKeyFromEnv", "minConnectTimeout"),
    },
    "metrics-api": {
        *("url", "format", "valueLocation", "targetValue", "activationTargetValue", "unsafeSsl"),
        *("authMode", "method", "keyParamName"),
    },
}
SCALED_FIELDS = {
    *("scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers", "advanced"),
    *("pollingInterval", "cooldownPeriod", "initialCooldownPeriod", "fallback"),
}

FILES: dict[str, list[dict[str, Any]]] = {
    path.name: list(yaml.safe_load_all(path.read_text())) for path in sorted(FOLDER.glob("*.yaml"))
}
KUSTOMIZATION = FILES.pop("kustomization.yaml")[0]
EXAMPLE = FILES["secret.example.yaml"][0]
DOCUMENTS = [document for documents in FILES.values() for document in documents]
PODS = {one["metadata"]["name"]: one for one in DOCUMENTS if "template" in one.get("spec", {})}


def found(kind: str, name: str = "sheaf-worker") -> dict[str, Any]:
    (one,) = (d for d in DOCUMENTS if (d["kind"], d["metadata"]["name"]) == (kind, name))
    return one


SETTINGS: dict[str, str] = found("ConfigMap", "sheaf")["data"]
SCALED = found("ScaledObject")["spec"]
BY_CPU = found("HorizontalPodAutoscaler")["spec"]


def triggers(type_: str) -> list[dict[str, str]]:
    return [one["metadata"] for one in SCALED["triggers"] if one["type"] == type_]


def pod(name: str) -> dict[str, Any]:
    return PODS[name]["spec"]["template"]["spec"]


def container(name: str) -> dict[str, Any]:
    (one,) = pod(name)["containers"]
    return one


def values(name: str) -> dict[str, str]:
    """What a container is given in the open."""
    return SETTINGS | {v["name"]: v["value"] for v in container(name)["env"] if "value" in v}


def secrets(name: str) -> dict[str, bool]:
    """The keys of the secret that a container is given, and whether it must have each."""
    variables = [v for v in container(name)["env"] if "valueFrom" in v]
    references = [v["valueFrom"]["secretKeyRef"] for v in variables]
    assert [v["name"] for v in variables] == [r["key"] for r in references]
    assert {r["name"] for r in references} == {EXAMPLE["metadata"]["name"]}
    return {r["key"]: not r.get("optional", False) for r in references}


def settings(name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for variable, value in values(name).items():
        monkeypatch.setenv(variable, value)
    return Settings()


def gibibytes(quantity: str) -> int:
    assert quantity.endswith("Gi")
    return int(quantity[:-2])


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(
    "document",
    [one for one in DOCUMENTS if one["kind"] != "ScaledObject"],
    ids=lambda one: f"{one['kind']}-{one['metadata']['name']}",
)
def test_every_manifest_is_one_by_the_schema_of_kubernetes(
    document: dict[str, Any], version: str
) -> None:
    assert kubernetes_validate.validate(document, version, strict=True) == version


def test_the_scaled_object_has_what_keda_knows() -> None:
    assert SCALED.keys() <= SCALED_FIELDS
    for trigger in SCALED["triggers"]:
        assert trigger.keys() == {"type", "metadata"}
        assert trigger["metadata"].keys() <= TRIGGER_FIELDS[trigger["type"]]
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
    advanced = SCALED["advanced"]["horizontalPodAutoscalerConfig"]
    assert advanced.keys() == {"behavior"}
    made = {**found("HorizontalPodAutoscaler"), "spec": {**BY_CPU, **advanced}}
    kubernetes_validate.validate(made, NEWEST, strict=True)


def test_each_file_is_applied_or_takes_the_place_of_another() -> None:
    apart = {"secret.example.yaml", "worker-scaling-by-cpu.yaml"}
    assert {*KUSTOMIZATION["resources"]} == FILES.keys() - apart
    assert all("namespace" not in one["metadata"] for one in DOCUMENTS)
    guide = (ROOT / "docs" / "kubernetes.md").read_text()
    assert [name for name in FILES if name not in guide] == []


def test_the_image_is_the_one_of_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    image = compose["services"]["worker"]["image"]
    assert {container(name)["image"] for name in PODS} == {image}
    (named,) = KUSTOMIZATION["images"]
    assert f"{named['name']}:{named['newTag']}" == f"{named['newName']}:{named['newTag']}" == image


@pytest.mark.parametrize("name", PODS)
def test_pods_may_do_no_more_than_the_image_needs(name: str) -> None:
    user = int(re.findall(r"useradd --uid (\d+)", DOCKERFILE)[0])
    whole = pod(name)["securityContext"]
    assert (whole["runAsUser"], whole["runAsGroup"], whole["runAsNonRoot"]) == (user, user, True)
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(name)["automountServiceAccountToken"] is False
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container(name)["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("name", ["sheaf-api", "sheaf-worker"])
def test_what_is_written_lies_on_volumes(name: str) -> None:
    home, ready = (re.findall(rf"{n}=(\S+)", DOCKERFILE)[0] for n in ("_HOME", "_READY_FILE"))
    mounts = {mount["mountPath"]: mount["name"] for mount in container(name)["volumeMounts"]}
    assert mounts.keys() == {home, str(Path(ready).parent)}
    volumes = {one["name"]: one["emptyDir"] for one in pod(name)["volumes"]}
    assert sorted(volumes) == sorted(mounts.values())
    assert pod(name)["securityContext"]["fsGroup"] == pod(name)["securityContext"]["runAsGroup"]


@pytest.mark.parametrize("name", PODS)
def test_every_setting_is_one_and_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert container(name)["envFrom"] == [{"configMapRef": {"name": "sheaf"}}]
    known = {f"SHEAF_{field.upper()}" for field in Settings.model_fields}
    named = {v for v in {*values(name), *secrets(name)} if v.startswith("SHEAF_")}
    assert named <= known
    got = settings(name, monkeypatch)
    # In the home, both would end with the pod.
    assert got.ledger_url.startswith("postgresql+asyncpg://")
    assert (got.storage_url or "").startswith("s3://")


def test_no_variable_of_a_service_is_taken_for_a_setting() -> None:
    assert not any(pod(name)["enableServiceLinks"] for name in PODS)
    made = {
        f"{one['metadata']['name'].upper().replace('-', '_')}_{end}"
        for one in DOCUMENTS
        if one["kind"] == "Service"
        for end in ("PORT", "SERVICE_HOST", "SERVICE_PORT")
    }
    assert made
    assert not made & {f"SHEAF_{field.upper()}" for field in Settings.model_fields}


def test_no_manifest_holds_a_secret() -> None:
    assert set(EXAMPLE["stringData"].values()) == {""}
    for name in PODS:
        for variable, value in values(name).items():
            assert not re.search(r"PASSWORD|SECRET|TOKEN|_KEY", variable), variable
            assert not re.search(r"://[^/@]*:[^/@]*@|[A-Za-z0-9+/=_-]{32}", value), variable
    for file in (".gitignore", ".dockerignore"):
        assert "deploy/kubernetes/secret.yaml" in (ROOT / file).read_text().splitlines()


def test_pods_get_the_secrets_that_they_need_and_wait_for_those_that_must_be_there() -> None:
    assert {*EXAMPLE["stringData"]} == {*secrets("sheaf-worker")} == {*secrets("sheaf-api")}
    assert {"SHEAF_SIGNING_KEY", "SHEAF_PREVIOUS_SIGNING_KEYS"} < {*EXAMPLE["stringData"]}
    for name in ("sheaf-worker", "sheaf-api"):
        assert {k for k, needed in secrets(name).items() if needed} == {
            "PGPASSWORD",
            "SHEAF_SIGNING_KEY",
        }
    assert secrets("sheaf-migrate") == {"PGPASSWORD": True}


def test_commands_are_there() -> None:
    for name, command in (("sheaf-migrate", "migrate"), ("sheaf-api", "serve")):
        assert container(name)["command"] == ["sheaf", command]
        assert command in COMMANDS
    assert container("sheaf-worker")["command"] == ["python", "-P", "-m", "worker"]


def test_the_api_is_asked_at_its_port_by_its_routes_and_waited_for() -> None:
    api, port = container("sheaf-api"), int(re.findall(r"EXPOSE (\d+)", DOCKERFILE)[0])
    assert api["ports"] == [{"name": "http", "containerPort": port}]
    routes = {getattr(route, "path", "") for route in router.routes}
    asked = {kind: api[kind]["httpGet"] for kind in api if kind.endswith("Probe")}
    assert all(one["path"] in routes and one["port"] == "http" for one in asked.values())
    assert asked["readinessProbe"]["path"] == "/readyz"
    assert api["readinessProbe"]["timeoutSeconds"] > CHECK_SECONDS
    assert found("Service", "sheaf")["spec"]["ports"][0]["targetPort"] == "http"
    (rule,) = found("NetworkPolicy", "sheaf-api")["spec"]["ingress"]
    assert rule == {"ports": [{"protocol": "TCP", "port": port}]}


def test_a_worker_is_ready_by_its_file() -> None:
    ready = re.findall(r"SHEAF_READY_FILE=(\S+)", DOCKERFILE)[0]
    assert container("sheaf-worker")["readinessProbe"]["exec"] == {"command": ["test", "-f", ready]}


def test_pods_have_time_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    grace = settings("sheaf-worker", monkeypatch).shutdown_grace_seconds
    # A worker waits for its process of deliveries first, grace and 5 s, and then for its slices.
    assert pod("sheaf-worker")["terminationGracePeriodSeconds"] >= 2 * grace + 5 + 10
    pause = int(container("sheaf-api")["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod("sheaf-api")["terminationGracePeriodSeconds"] >= pause + grace + 10


def test_workers_are_scaled_by_the_slices_that_wait() -> None:
    (asked,) = triggers("temporal")
    assert asked["taskQueue"] == SLICES
    assert asked["queueTypes"] == "activity"
    assert asked["namespace"] == SETTINGS["TEMPORAL_NAMESPACE"]
    assert asked["endpointFromEnv"] in SETTINGS
    assert int(asked["targetQueueSize"]) >= int(values("sheaf-worker")["SHEAF_PARSER_PROCESSES"])


def test_workers_are_scaled_by_the_jobs_that_need_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    (service,) = found("Service", "sheaf")["spec"]["ports"]
    routes = {getattr(route, "path", "") for route in router.routes}
    # A worker with the least memory for its cache has no fewer places.
    places = capacity(FEWEST_CACHED, settings("sheaf-worker", monkeypatch).parser_processes)
    wanted = {}
    for asked in triggers("metrics-api"):
        url = urlsplit(asked["url"])
        assert (str(url.hostname).split(".")[0], url.port) == ("sheaf", service["port"])
        assert url.path in routes
        wanted[asked["valueLocation"]] = 2 * int(asked["targetValue"])
    assert wanted == {"small.all": places.small, "large.all": places.large}


def test_both_ways_of_scaling_keep_workers_that_can_run_workflows() -> None:
    assert SCALED["scaleTargetRef"]["name"] == BY_CPU["scaleTargetRef"]["name"] == "sheaf-worker"
    assert SCALED["minReplicaCount"] == BY_CPU["minReplicas"] >= 2
    assert SCALED["maxReplicaCount"] == BY_CPU["maxReplicas"] > BY_CPU["minReplicas"]
    assert "replicas" not in PODS["sheaf-worker"]["spec"]


def test_a_job_may_use_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    one = int(values("sheaf-worker")["SHEAF_PARSER_PROCESSES"])
    every = settings("sheaf-api", monkeypatch).parser_processes
    assert every == one * SCALED["maxReplicaCount"]
    assert every * SLICES_PER_PROCESS <= MAX_CONCURRENCY


def test_parsers_meet_their_own_limit_of_memory_before_that_of_the_pod(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got = settings("sheaf-worker", monkeypatch)
    limit = gibibytes(container("sheaf-worker")["resources"]["limits"]["memory"])
    of_parsers = got.parser_processes * got.parser_memory_bytes
    of_pushes = webhook_worker.RENDERED_AT_ONCE * got.render_memory_bytes
    assert limit * GIB >= of_parsers + of_pushes + GIB


def test_what_writes_results_meets_its_limit_of_memory_before_that_of_the_pod(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got = settings("sheaf-api", monkeypatch)
    limit = gibibytes(container("sheaf-api")["resources"]["limits"]["memory"])
    assert limit * GIB >= RENDERED_AT_ONCE * got.render_memory_bytes + 2 * GIB


@pytest.mark.parametrize(
    ("kind", "name", "chosen"),
    [
        ("Deployment", "sheaf-api", {"sheaf-api"}),
        ("Deployment", "sheaf-worker", {"sheaf-worker"}),
        ("Service", "sheaf", {"sheaf-api"}),
        ("PodDisruptionBudget", "sheaf-api", {"sheaf-api"}),
        ("PodDisruptionBudget", "sheaf-worker", {"sheaf-worker"}),
        ("NetworkPolicy", "sheaf", {*PODS}),
        ("NetworkPolicy", "sheaf-api", {"sheaf-api"}),
    ],
)
def test_a_selector_selects_its_pods(kind: str, name: str, chosen: set[str]) -> None:
    spec = found(kind, name)["spec"]
    selector = spec.get("podSelector") or spec["selector"]
    wanted = selector.get("matchLabels", selector).items()
    labels = {name: one["spec"]["template"]["metadata"]["labels"] for name, one in PODS.items()}
    assert {name for name in labels if wanted <= labels[name].items()} == chosen


def test_a_version_of_the_workers_is_made_from_the_manifest_that_is_there() -> None:
    made = yaml.safe_load((FOLDER / "version/kustomization.yaml").read_text())
    target = made["patches"][0]["target"]
    assert (target["kind"], target["name"]) == ("Deployment", "sheaf-worker")
    told = {one["value"]["name"] for one in yaml.safe_load(made["patches"][0]["patch"])[1:]}
    assert told == {"SHEAF_WORKER_DEPLOYMENT", "SHEAF_BUILD_ID"}
    assert {name.removeprefix("SHEAF_").lower() for name in told} <= set(Settings.model_fields)
    worker = FILES["worker.yaml"][0]
    assert (worker["kind"], worker["metadata"]["name"]) == ("Deployment", target["name"])
