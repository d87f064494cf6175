"""Replays labelled questions against an empty cache: the live decisions, with labels behind a noisy channel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import decision, judge, learning, risk, verifier
from pipelines.cache.boundary import Boundary, Policy
from pipelines.cache.decision import Candidate, Gray, Hit
from pipelines.cache.lessons import Lesson, Request
from pipelines.evaluation.memory import FreshAnswer, Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from pipelines.evaluation.memory import Channel
    from pipelines.neighbourhood import Neighbourhood

BLOCK = 256  # questions whose similarities are computed at once
WINDOW = 1_000  # requests of which hits and wrong hits are told together
CURVE = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


class Replay:
    """One pass over the questions in shuffled order; :meth:`run` returns the contract's figures.

    ``vectors`` is (n, d) float32 of unit length, ``labels`` (n,) whole numbers: equal ones deserve one answer.
    ``judge_share``: verdicts for each job, as `[cache] judge_share`. ``phases``: how many of the questions come first,
    how many after them, each shuffled by itself; all together without. ``unlike``: pairs of labels that somebody said
    are different, the smaller first: what is wrong by these is surely wrong. ``cold``: no lessons are learned.
    """

    def __init__(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32],
        labels: NDArray[np.int64],
        *,
        channel: Channel,
        target: float = risk.TARGET,
        seed: int = 0,
        weights: verifier.Weights | None = None,
        judge_share: float = judge.SHARE,
        phases: Sequence[int] = (),
        unlike: Collection[tuple[int, int]] = (),
        cold: bool = False,
    ) -> None:
        self._dice = np.random.default_rng(seed)
        starts = np.cumsum([0, *(phases or [len(texts)])])
        order = np.concatenate(
            [
                begin + self._dice.permutation(end - begin)
                for begin, end in zip(starts.tolist(), starts[1:].tolist(), strict=False)
            ]
        )
        self._texts = [texts[i] for i in order]
        self._vectors, self._labels = vectors[order], labels[order]
        self._channel = channel
        self._budget = judge.Budget(judge_share)
        self._scope = Scope(self._texts, self._vectors, self._labels, channel, self._dice)
        self.boundary = Boundary(weights or verifier.shipped(), target)
        self.hits = self.wrong = self.surely_wrong = self.judge_calls = 0
        self._unlike, self._cold = unlike, cold
        self.windows: list[dict[str, int]] = []
        self.seen: list[tuple[float, bool]] = []
        self.features: list[NDArray[np.float64]] = []

    def run(self) -> dict[str, Any]:
        """Replay all questions."""
        for start in range(0, len(self._texts), BLOCK):
            end = min(start + BLOCK, len(self._texts))
            similar = self._vectors[start:end] @ self._vectors[:end].T
            for number in range(start, end):
                self._ask(number, similar[number - start, :number])
                if (number + 1) % WINDOW == 0 or number + 1 == len(self._texts):
                    self._close_window(number + 1)
        requests = max(len(self._texts), 1)
        return {
            "requests": len(self._texts),
            "hits": self.hits,
            "wrong_hits": self.wrong,
            "wrong_by_label": self.surely_wrong,
            "hit_rate": round(self.hits / requests, 4),
            "wrong_per_request": round(self.wrong / requests, 5),
            "target": self.boundary.target,
            "judge_calls": self.judge_calls,
            "audits": self.boundary.audits,
            "entries": len(self._scope.members),
            "windows": self.windows,
            "curve": self._curve(),
        }

    def _close_window(self, asked: int) -> None:
        before = {name: sum(window[name] for window in self.windows) for name in ("requests", "hits", "wrong_hits")}
        now = {"requests": asked, "hits": self.hits, "wrong_hits": self.wrong}
        self.windows.append({name: now[name] - before[name] for name in now})

    def _ask(self, number: int, similar: NDArray[np.float32]) -> None:
        """As a lookup worker, a model call and write-back do with one job."""
        scope = self._scope
        self._budget.job()
        known = scope.repeated(number)
        if known is not None:
            self._hit(number, known)
            self.boundary.note(Request(None))
            return
        fresh = FreshAnswer(scope, str(number), self._take)
        decided = decision.decide(
            self._texts[number],
            self._near(similar),
            lambda entry: scope.centroids.cosine(entry, self._vectors[number]),
            Policy.of(self.boundary),
        )
        seen = decided.seen
        if seen is None:
            self.boundary.note(Request(None))
            learning.store(fresh, None)
            return
        offset = seen.offset
        if not isinstance(decided, Hit):
            judged = (
                self._after_verdicts(number, seen) if isinstance(decided, Gray) and judge.could_serve(seen) else None
            )
            if judged is not None:
                seen = replace(seen, verdicts=judged.verdicts)
                offset = judge.moved(seen.probability, judged.probability)
                if judged.serves:
                    decided = decision.promoted(seen, judged.probability)
        self._note(number, seen, offset, served=isinstance(decided, Hit))
        if isinstance(decided, Hit):
            self._hit(number, scope.served[seen.suspect])
            self._audit(fresh, seen, decided.probability)
            scope.hits[seen.suspect] += 1
        else:
            self._learn(seen, learning.store(fresh, seen))

    def _near(self, similar: NDArray[np.float32]) -> list[Candidate]:
        stored = np.flatnonzero(self._scope.stored[: len(similar)])
        if not len(stored):
            return []
        values = similar[stored]
        count = min(verifier.NEAREST, len(stored))
        best = np.argpartition(-values, count - 1)[:count]
        best = best[np.argsort(-values[best])]
        entry_of = self._scope.entry_of
        return [
            Candidate(str(stored[i]), entry_of[str(stored[i])], self._texts[stored[i]], float(values[i])) for i in best
        ]

    def _take(self, gain: float = 1.0) -> bool:
        taken = self._budget.take(gain)
        self.judge_calls += taken
        return taken

    def _after_verdicts(self, number: int, seen: Neighbourhood) -> judge.Judgement | None:
        """What the judge makes of the suspect; None without one."""
        error = self._channel.judge
        if error is None:
            return None

        def ask(keys: Sequence[str], turned: bool, _: float) -> list[bool] | None:  # noqa: ARG001 - it errs as often
            return [self._scope.verdict(str(number), key, error) for key in keys] if self._take(gain) else None

        gain = judge.gain(seen)
        return judge.after_verdicts(
            judge.before(seen.probability, seen.gate, proven=seen.proven),
            judge.about(seen, self._scope.served[seen.suspect]),
            ask,
            served_at=seen.served_at,
            worth=seen.worth,
        )

    def _note(self, number: int, seen: Neighbourhood, offset: float, *, served: bool) -> None:
        features = np.array(seen.features)
        request = Request(self.boundary.shipped.standardised(features), offset, served)
        self.boundary.note(request)
        right = self._labels[int(self._scope.served[seen.suspect])] == self._labels[number]
        assert request.features is not None  # noqa: S101 - they were given
        self.seen.append((self.boundary.after(request), bool(right)))
        self.features.append(features)

    def _hit(self, number: int, answered: str) -> None:
        self.hits += 1
        ours, theirs = int(self._labels[int(answered)]), int(self._labels[number])
        self.wrong += ours != theirs
        self.surely_wrong += (min(ours, theirs), max(ours, theirs)) in self._unlike

    def _audit(self, fresh: FreshAnswer, seen: Neighbourhood, probability: float) -> None:
        before = self._scope.hits[seen.suspect]
        weight = Policy.of(self.boundary).audit(probability, self._dice.random(), of_entry=before)
        if weight is not None:
            self._learn(seen, learning.audit(fresh, seen), weight)

    def _learn(self, seen: Neighbourhood, lesson: learning.Lesson | None, weight: float = 1.0) -> None:
        if lesson is not None and not self._cold:
            features = self.boundary.shipped.standardised(np.array(seen.features))
            self.boundary.learn(
                Lesson(features, lesson.right, weight, lesson.audited, judge.known(seen), lesson.evidence)
            )

    def _curve(self) -> list[dict[str, float]]:
        """What other boundaries would have served of the same suspects."""
        requests, points = max(len(self._texts), 1), []
        for at in CURVE:
            served = [right for probability, right in self.seen if probability >= at]
            rate, wrong = len(served) / requests, sum(not right for right in served) / requests
            points.append({"probability": at, "hit_rate": round(rate, 4), "wrong_per_request": round(wrong, 5)})
        return points
