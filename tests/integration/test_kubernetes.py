"""examples/kubernetes: manifests that Kubernetes would take, that agree with each other and with the configuration."""

import os
import re
import signal
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

from nginx_pair import free_port
from raw_client import RawClient
from server_process import BINARY, REPOSITORY
from waiting import SLOWNESS, eventually

FOLDER = REPOSITORY / "examples" / "kubernetes"
CONF = (FOLDER / "tierce.conf").read_text()
MANIFESTS = ("deployment", "service", "autoscaling", "disruption")


def load(name):
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text())


def validate(manifest):
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_takes_it(name):
    validate(load(name))


def test_a_misspelt_field_would_be_found():
    manifest = load("deployment")
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSecond"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(manifest)


def test_the_kustomization_has_all_of_it():
    listed = load("kustomization")
    assert listed["resources"] == [f"{name}.yaml" for name in MANIFESTS]
    [made] = listed["configMapGenerator"]
    pod = load("deployment")["spec"]["template"]["spec"]
    assert made["name"] == pod["volumes"][0]["configMap"]["name"]
    assert made["files"] == ["tierce.conf"]
    assert sorted(path.name for path in FOLDER.glob("*.yaml")) == \
        sorted([f"{name}.yaml" for name in MANIFESTS] + ["kustomization.yaml"])


def test_labels_and_ports_agree():
    deployment, service, scaling, disruption = (load(name) for name in MANIFESTS)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    assert disruption["spec"]["selector"]["matchLabels"] == labels
    assert scaling["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    [port] = container["ports"]
    assert f"listen {port['containerPort']};" in CONF
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]
    assert f"location = {container['livenessProbe']['httpGet']['path']} " in CONF
    assert container["args"][-1] == container["volumeMounts"][0]["mountPath"] + "/tierce.conf"


def test_the_drain_is_long_enough():
    pod = load("deployment")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    longest = int(re.search(r"harakiri (\d+);", CONF)[1])
    assert pod["terminationGracePeriodSeconds"] >= waits + longest + 10
    assert int(re.search(r"uwsgi_read_timeout (\d+)s;", CONF)[1]) > longest


def test_the_configuration_serves(tmp_path):
    port = free_port()
    checked = subprocess.run([BINARY, "check", FOLDER / "tierce.conf"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")
    text = CONF
    for old, new in (("listen 8000;", f"listen 127.0.0.1:{port};"), ("chdir /app;", f"chdir {REPOSITORY}/examples/flask;"),
                     ("/tmp/body", f"{tmp_path}/body")):
        assert old in text
        text = text.replace(old, new)
    conf = tmp_path / "tierce.conf"
    conf.write_text(("user root;\n" if os.geteuid() == 0 else "") + text)
    output = tmp_path / "output"
    with open(output, "wb") as out:
        process = subprocess.Popen([BINARY, "up", "-c", conf], env={**os.environ, "VIRTUAL_ENV": sys.prefix}, stdout=out,
                                   stderr=out)

    def body(path):
        try:
            with RawClient(("127.0.0.1", port)) as client:
                client.request("GET", path)
                return client.response("GET").body
        except (OSError, AssertionError):
            return None
    try:
        eventually(lambda: body("/healthz") == b"ok\n", 20, output.read_text)
        eventually(lambda: body("/") == b'{"name":"misha"}\n', 20, output.read_text)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20 * SLOWNESS) == 0
    finally:
        process.kill()
        process.wait()
