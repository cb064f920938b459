"""A checkpoint folder as a GGUF file, by llama.cpp's own converter, without a vocabulary.

    to_gguf.py LLAMA_CPP FOLDER FILE

Matrices become bf16, vectors f32, as the converter has it. The random checkpoints have no tokenizer,
and llama-bench needs only the count of tokens.
"""

import sys
from pathlib import Path

import torch


def main():
    sources, folder, output = (Path(argument) for argument in sys.argv[1:4])
    sys.path[:0] = [str(sources), str(sources / "gguf-py")]
    import gguf
    from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

    hparams = ModelBase.load_hparams(folder, False)
    name = get_model_architecture(hparams, ModelType.TEXT)

    converter = get_model_class(name)

    def set_no_vocabulary(self):
        self._set_vocab_none()
        if converter.model_arch != gguf.MODEL_ARCH.LLAMA:  # that one says it anyway
            self.gguf_writer.add_vocab_size(self.hparams["vocab_size"])

    converter.set_vocab = set_no_vocabulary
    with torch.inference_mode():
        converter(folder, gguf.LlamaFileType.MOSTLY_BF16, output, hparams=hparams).write()


if __name__ == "__main__":
    main()
