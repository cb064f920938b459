"""Logits of llama.cpp for every one of some token ids, through its own bindings.

    llama_logits.py LLAMA_CPP_PYTHON MODEL.gguf IDS.txt THREADS OUTPUT.npy
"""

import ctypes
import os
import sys
from pathlib import Path

import numpy as np


def main():
    package, path, ids_path, threads, output = sys.argv[1:6]
    # Where the bindings look for the library that install.sh has built.
    os.environ["LLAMA_CPP_LIB_PATH"] = str(Path(package).resolve() / "build" / "bin")
    sys.path.insert(0, package)
    from llama_cpp import llama_cpp as llama

    ids = [int(word) for word in Path(ids_path).read_text(encoding="utf-8").split()]
    quiet = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(quiet, ctypes.c_void_p(0))
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    if not model:
        sys.exit(f"{path}: llama.cpp cannot load it")
    params = llama.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = 512
    params.n_threads = params.n_threads_batch = int(threads)
    context = llama.llama_init_from_model(model, params)
    vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
    batch = llama.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for at, token in enumerate(ids):
        batch.token[at], batch.pos[at], batch.logits[at] = token, at, 1
        batch.n_seq_id[at], batch.seq_id[at][0] = 1, 0
    if llama.llama_decode(context, batch) != 0:
        sys.exit(f"{path}: llama_decode failed")
    rows = llama.llama_get_logits(context)
    logits = np.ctypeslib.as_array(rows, shape=(len(ids), vocab)).copy()
    np.save(output, logits)


if __name__ == "__main__":
    main()
