"""What no other tool says about deploy/. Usage: check.py FILE

Writes the dashboard's queries as rules to the file, for promtool to read. Fails when a query
asks for a metric that docs/telemetry.md does not know, when the collector's pipelines name
what is not there, or when an alert has no paragraph in deploy/README.md.
"""

import json
import re
import sys
from pathlib import Path

import yaml

deploy = Path("deploy")
problems = []


def load(path):
    with open(deploy / path) as file:
        return yaml.safe_load(file)


def known(metric):
    # A counter's name is documented as it is scraped.
    return re.search(rf"\b{metric}\b", telemetry)


telemetry = Path("docs/telemetry.md").read_text()
readme = (deploy / "README.md").read_text()
alerts = [rule for group in load("prometheus/alerts.yml")["groups"] for rule in group["rules"]]
dashboard = json.loads((deploy / "grafana/dashboard.json").read_text())
queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

for alert in alerts:
    if f"### {alert['alert']}\n" not in readme:
        problems.append(f"deploy/README.md does not say what to do about {alert['alert']}")

for query in [*queries, *(alert["expr"] for alert in alerts)]:
    for metric in re.findall(r"\b(?:dosd|process)_[a-z_]+", query):
        if not known(metric):
            problems.append(f"docs/telemetry.md does not know `{metric}`: {query}")

identities = [panel["id"] for panel in dashboard["panels"]]
if len(set(identities)) != len(identities):
    problems.append("two panels have one id")

collector = load("collector/collector.yaml")
for name, pipeline in collector["service"]["pipelines"].items():
    for kind in ["receivers", "processors", "exporters"]:
        for component in pipeline[kind]:
            if component not in collector[kind]:
                problems.append(f"pipeline {name}: {kind} has no `{component}`")

for path in deploy.rglob("*.y*ml"):
    list(yaml.safe_load_all(path.read_text()))

if not queries or not alerts:
    problems.append("there is nothing to check")

plain = [query.replace("$__rate_interval", "5m").replace("$instance", ".*") for query in queries]
rules = [{"record": f"panel:{at}", "expr": query} for at, query in enumerate(plain)]
Path(sys.argv[1]).write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(bool(problems))
