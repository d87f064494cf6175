"""The commands as a person runs them: the fleet as processes, asked, inspected, corrected, stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.acceptance.up import FARTHING, Up, alive, children_of, command_of
from tests.waiting import until
from workers.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("up")) as started:
        yield started


def test_a_question_asked_twice_is_a_miss_then_a_hit(up: Up) -> None:
    first = up.json("ask", "How do I change my delivery address?")
    assert (first["source"], first["model"]) == ("model", "gpt-4o-mini")
    again = until(lambda: _hit(up, "How do I change my delivery address?"))
    assert (again["source"], again["cost_usd"], again["text"]) == ("exact", "0", first["text"])
    assert float(again["baseline_usd"]) > 0
    said = up.run("ask", "How can I change my delivery address?")
    assert first["text"] in said
    assert "[semantic]" in said


def _hit(up: Up, question: str) -> Any:
    answer = up.json("ask", question)
    return answer if answer["source"] != "model" else None


def test_a_wrong_answer_is_shown_corrected_and_reported(up: Up) -> None:
    question = "营业时间是几点到几点？"
    job_id = up.json("ask", question)["job_id"]
    shown = until(lambda: _shown(up, job_id))
    assert shown["question"] == question
    assert shown["answer"]["text"]
    assert question in up.run("cache", "list")
    assert question in [entry["question"] for entry in up.json("cache", "list")]
    assert "the correction answers" in up.run(
        "feedback", job_id, "--rating", "wrong", "--correction", "九点到六点。", "--approve"
    )
    assert up.json("ask", question)["text"] == "九点到六点。"
    report = up.json("report")
    assert report["total"]["jobs"] >= 2
    assert float(report["total"]["saved_usd"]) > 0
    assert "default" in up.run("report")
    assert up.json("cache", "stats")["entries"] >= 1
    up.run("cache", "flush", "--tenant", "default", "--yes")
    assert up.json("cache", "stats")["entries"] == 0


def _shown(up: Up, job_id: str) -> Any:
    done = subprocess.run(
        [*FARTHING, "cache", "show", job_id, "--json"], env=up.environ, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def test_an_error_is_one_sentence_and_status_one(up: Up) -> None:
    said = up.run("ask", "hello", "--model", "gpt-17", status=1)
    assert said.startswith("farthing: model: got 'gpt-17', expected one of auto, economy, premium")
    assert "Traceback" not in said
    assert "unknown" in up.run("feedback", "no-such-job", "--rating", "right", status=1)
    assert "no entry of job" in up.run("cache", "show", "no-such-job", status=1)
    for command in (("report",), ("cache", "stats"), ("cache", "list")):
        assert "tenant nobody" in up.run(*command, "--tenant", "nobody", status=1)
    told = json.loads(up.run("report", "--tenant", "nobody", "--json", status=1))
    assert told["error"]["message"].startswith("tenant nobody")
    assert "Usage: " in up.run("report", "-h")


def test_every_worker_warmed_up_and_no_log_holds_what_was_asked(up: Up) -> None:
    up.json("ask", "My secret word is xylophone, how do I log in?")
    logs = {path.name: path.read_text() for path in (up.folder / "state" / "logs").glob("*.log")}
    assert set(logs) == {
        *("beat.log", "cache-lookup.log", "classify.log", "compress-context.log", "flower.log"),
        *("maintenance.log", "model-call.log", "write-back.log"),
    }
    assert "xylophone" not in "".join(logs.values())
    stages = [line for line in "".join(logs.values()).splitlines() if "stage " in line and "took_ms" in line]
    assert any("outcome=miss" in line for line in stages)
    assert any("outcome=model" in line and "job=" in line for line in stages)


def test_the_doctor_finds_a_running_fleet_well(up: Up) -> None:
    found = up.json("doctor")
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert found["ok"], found
    assert states["workers"] == states["encoder"] == states["broker Redis"] == "ok"


def test_a_killed_worker_is_started_again_until_that_mends_nothing(tmp_path: Path) -> None:
    with Up(tmp_path) as up:
        mine = children_of(up.process.pid)
        up.json("ask", "Do you sell maps?")
        for time_killed in range(4):
            victim = until(lambda: _worker(up, "model-call"), within_s=60)
            os.kill(victim, signal.SIGKILL)
            until(lambda victim=victim: not alive({victim}))
            if time_killed == 0:
                # A job that nobody serves meanwhile waits, and is answered by the worker that was started again.
                assert up.json("ask", "Do you sell atlases?")["source"] == "model"
                assert "model-call ended with status -9: started again" in up.said()
            mine |= children_of(up.process.pid)
        assert up.process.wait(60) == 1
        assert "farthing: model-call ended with status -9, 4 times" in up.said()
    until(lambda: not alive(mine))


def _worker(up: Up, queue: str) -> int | None:
    found = [pid for pid in children_of(up.process.pid) if f"{queue}@%h".encode() in command_of(pid)]
    return found[0] if len(found) == 1 and alive(set(found)) else None


def test_flower_shows_every_worker_and_task_and_nothing_that_was_asked(up: Up) -> None:
    url, login = re.findall(r"Flower  (\S+)  login (\S+ / \S+)", up.said())[0]
    auth = (*login.split(" / "),)
    with httpx.Client(base_url=url, auth=auth, timeout=10) as browser:
        job_id = up.json("ask", "Is the zanzibar lamp dimmable?")["job_id"]
        malformed = up.run("ask", "zanzibar", "--model", "zanzibar-model", status=1)
        assert "zanzibar-model" in malformed
        tasks = until(lambda: _all_tasks_seen(browser))
        names = {task["name"] for task in tasks.values()}
        assert names >= {"chat.cache_lookup", "chat.classify", "chat.compress_context", "chat.model_call"}
        assert tasks[job_id]["state"] == "SUCCESS"
        workers = browser.get("/api/workers?refresh=1").json()
        queues = {queue["name"] for worker in workers.values() for queue in worker["active_queues"]}
        assert queues == {queue.name for queue in QUEUES}
        paths = [
            "/",
            "/workers",
            "/tasks",
            "/broker",
            "/api/tasks",
            "/api/workers",
            *(f"/task/{task_id}" for task_id in tasks),
        ]
        paths += [f"/worker/{name}" for name in workers]
        pages = {path: browser.get(path) for path in paths}
    assert {page.status_code for page in pages.values()} == {200}
    said = {path for path, page in pages.items() if "zanzibar lamp" in page.text or "dimmable" in page.text}
    assert not said
    for path in ("/", "/tasks", "/api/tasks", "/api/workers"):
        assert httpx.get(url + path).status_code == 401


def _all_tasks_seen(browser: httpx.Client) -> Any:
    tasks = browser.get("/api/tasks").json()
    return tasks if len({task["name"] for task in tasks.values()}) >= 5 else None


@pytest.mark.parametrize("ending", ["done", "interrupted", "killed"])
def test_the_demo_leaves_nothing_behind(tmp_path: Path, ending: str) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [*FARTHING, "demo", "--limit", "20", "--rate", "20", "--json"]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if ending != "done":
        until(lambda: len(children_of(process.pid)) > 8 or process.poll() is not None, within_s=60)
        mine = children_of(process.pid)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT if ending == "interrupted" else signal.SIGKILL)
        process.communicate(timeout=120)
        until(lambda: not alive(mine))
    else:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        figures = json.loads(out)
        assert (figures["after"]["requests"], figures["after"]["failed"]) == (20, 0)
        assert figures["before"]["premium_share"] == 1.0
        assert float(figures["after"]["cost_usd"]) < float(figures["before"]["cost_usd"])
    until(lambda: not list(tmp_path.glob("farthing-*")))


def test_a_worker_with_a_broken_configuration_stops_and_names_every_fault(tmp_path: Path) -> None:
    (tmp_path / "farthing.toml").write_text('colour = 1\n[cache]\ntarget = "high"\n', encoding="utf-8")
    environ = {**os.environ, "FARTHING_CONFIG": str(tmp_path / "farthing.toml")}
    celery = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", "classify", "--pool", "threads"]
    done = subprocess.run(celery, env=environ, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "farthing.toml:1: colour: no such setting" in said
    assert "farthing.toml:3: cache.target: expected a number" in said


def test_a_second_fleet_on_the_same_state_is_refused_and_leaves_the_firsts_logs(up: Up) -> None:
    logs = {path.name: path.stat().st_size for path in (up.folder / "state" / "logs").glob("*.log")}
    assert "runs here already" in up.run("up", "--stand-in", status=1)
    assert all((up.folder / "state" / "logs" / name).stat().st_size >= size for name, size in logs.items())


def test_up_names_what_is_in_its_way_before_it_starts_anything(tmp_path: Path) -> None:
    broken = tmp_path / "farthing.toml"
    broken.write_text("[cache]\ntarget = 7\n", encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for fault, says in (
            ({"FARTHING_CONFIG": str(broken)}, "cache.target"),
            ({"FARTHING_FLOWER_PORT": port}, "taken"),
        ):
            environ = {**os.environ, "FARTHING_STATE_DIR": str(tmp_path / "state"), **fault}
            done = subprocess.run(
                [*FARTHING, "up", "--stand-in"], env=environ, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 1
            assert says in done.stderr
            assert "Traceback" not in done.stderr
            assert not list((tmp_path / "state").glob("logs/*"))


def test_up_without_a_key_says_what_to_do(tmp_path: Path) -> None:
    environ = {**os.environ, "FARTHING_STATE_DIR": str(tmp_path)}
    done = subprocess.run([*FARTHING, "up"], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "OPENAI_API_KEY: not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_asking_without_a_fleet_says_how_to_start_one(tmp_path: Path) -> None:
    environ = {**os.environ, "FARTHING_STATE_DIR": str(tmp_path), "FARTHING_BROKER_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [*FARTHING, "ask", "hi"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("farthing: broker Redis: did not take the job")
    assert "farthing up" in done.stderr


def test_the_doctor_names_a_verifier_that_cannot_be_read(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "FARTHING_STATE_DIR": str(tmp_path),
        "FARTHING_BROKER_URL": "redis://127.0.0.1:1/0",
        "FARTHING_VERIFIER": str(tmp_path / "none.json"),
    }
    done = subprocess.run([*FARTHING, "doctor"], env=environ, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1
    assert "FARTHING_VERIFIER: cannot read" in done.stdout
    assert "mend FARTHING_VERIFIER" in done.stdout
    assert "Traceback" not in done.stderr
