"""What huggingface_hub makes of the environment: tests/data/hub_settings.txt, for
tests/unit/fetch_settings_test.c. One case a line, parts separated by tabs: the variables, then cache,
file of the token, token ("-": none), and whether it is offline.
"""

import os
import subprocess
import sys
from pathlib import Path

ASK = """
from huggingface_hub import constants
from huggingface_hub.utils._headers import get_token_to_send
print(constants.HF_HUB_CACHE, constants.HF_TOKEN_PATH, get_token_to_send(None) or "-",
      int(constants.HF_HUB_OFFLINE), sep="\\t")
"""

CASES = [
    {}, {"HF_HOME": "/h"}, {"HF_HOME": "~/h"}, {"HF_HOME": "~"},
    {"HF_HOME": "~nobody-here/h"}, {"HF_HOME": "h/~/x"}, {"XDG_CACHE_HOME": "/x"},
    {"XDG_CACHE_HOME": "~/x"}, {"XDG_CACHE_HOME": "/x", "HF_HOME": "$XDG_CACHE_HOME/y"},
    {"HF_HOME": "${HOME}/h"}, {"HF_HOME": "$NOT_SET/${NOT_SET}/$/${}/$1"}, {"HF_HOME": "a$HOME-b"},
    {"HF_HUB_CACHE": "/c"}, {"HF_HUB_CACHE": "~/c"}, {"HUGGINGFACE_HUB_CACHE": "~/old"},
    {"HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/new"},
    {"HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/h"}, {"HF_TOKEN_PATH": "~/t"},
    {"HF_TOKEN_PATH": "$HOME/t", "HF_HOME": "/h"}, {"HOME": "/", "HF_HOME": "~"},
    {"HOME": "/u/", "HF_HOME": "~/h"}, {"HF_HOME": "/h/"}, {"XDG_CACHE_HOME": "~/x/"},
    {"HF_TOKEN": "hf_a"}, {"HUGGING_FACE_HUB_TOKEN": "hf_b"},
    {"HF_TOKEN": "hf_a", "HUGGING_FACE_HUB_TOKEN": "hf_b"}, {"HF_TOKEN": " hf_a "},
    {"HF_TOKEN": "   ", "HUGGING_FACE_HUB_TOKEN": "hf_b"},
    {"HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "hf_b"},
    {"HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "yes"},
    {"HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"},
    *({"HF_HUB_OFFLINE": word} for word in
      ("1", "0", "", "on", "ON", "off", "Yes", "no", "true", "TRUE", "false", "2", "y", " 1")),
    {"TRANSFORMERS_OFFLINE": "1"}, {"TRANSFORMERS_OFFLINE": "0"}, {"TRANSFORMERS_OFFLINE": "yes"},
    {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"},
    {"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "1"},
    {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "0"},
]


def main():
    lines = []
    for case in CASES:
        environment = {"PATH": os.environ["PATH"], "HOME": "/home/u", **case}
        said = subprocess.run([sys.executable, "-c", ASK], env=environment, check=True,
                              capture_output=True, text=True).stdout
        names = "\x1f".join(f"{name}={value}" for name, value in case.items())
        lines.append(f"{names}\t{said}")
    Path(__file__).parents[1].joinpath("data", "hub_settings.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
