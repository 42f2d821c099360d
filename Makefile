# Everything a newcomer needs; `make` lists it.
PYTHON ?= python3
VENV := .venv
TEST_PROCESSES ?= 2
BIN := $(VENV)/bin
export PYTHONPATH := examples/pygame

.DEFAULT_GOAL := help
.PHONY: help setup demo play play-blocks test check bench proto unity-test unity-bench world next-world blocks wheels clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(VENV)/.ready ## make .venv with everything in it (CPU PyTorch, OpenVINO, tools)

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "installing into $(VENV): about a gigabyte, a few minutes the first time"
	$(BIN)/python -m pip install --progress-bar on --editable '.[dev]'
	@touch $@

demo: setup ## half a minute of play, headless; leaves demo/{play.mp4,sheet.png,report.json,report.png}
	$(BIN)/python examples/demo.py

play: setup ## the game in a window: arrows, T types a prompt, Tab changes the view, F1 shows numbers
	$(BIN)/python -m critters.main --engine

play-blocks: setup ## the tiny world in a window, by keys alone: K changes what steers, Tab shows the true game beside it
	$(BIN)/python -m blocks.main

test: setup ## the fast tests, in two processes (TEST_PROCESSES=1: in one)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile

check: setup ## ruff, mypy strict, generated code up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python proto/generate.py --check

bench: setup ## measure this machine; writes the tables of docs/results.md
	$(BIN)/streamdit-engine bench --out docs/results.md

unity-test: setup ## the Unity package's C# against the live engine; skips, and says so, without a .NET SDK
	examples/unity/test $(BIN)

unity-bench: setup ## the same, a few minutes of play with nothing beside it: the numbers for docs/results.md
	STREAMDIT_SOAK_S=300 examples/unity/test $(BIN) --filter 'FullyQualifiedName~PaceTests|FullyQualifiedName~CoreGarbage|FullyQualifiedName~Benchmark' --logger 'console;verbosity=normal'

proto: setup ## regenerate the Python and C# messages from proto/
	$(BIN)/python proto/generate.py

world: setup ## train critters from nothing on this machine: hours on two cores; resumes where it stopped
	$(BIN)/python -m critters.record --out recordings/train --count 1800 --seconds 4 --seed 1 --split train --classic
	$(BIN)/python -m critters.record --out recordings/held-out --count 86 --seconds 4 --seed 2 --split held-out --classic
	$(BIN)/streamdit-engine train-autoencoder --recordings recordings/train --run runs/autoencoder
	$(BIN)/streamdit-engine train --recordings recordings/train --validation recordings/held-out --run runs/denoiser --steps 15000 --recipe render
	$(BIN)/streamdit-engine distill --recordings recordings/train --validation recordings/held-out --run runs/student --recipe render
	$(BIN)/streamdit-engine teach-judges --recordings recordings/train

next-world: setup ## go on with the next critters, whose seeds matter (docs/decisions/0015): resumes; runs/next shows how it goes
	$(BIN)/python -m critters.record --out runs/next-held-out --count 48 --seconds 4 --seed 12 --layouts validation --jobs 2
	$(BIN)/python -m critters.record --out runs/next-recordings --count 1400 --seconds 4 --seed 11 --jobs 2
	mkdir -p runs/next-world
	cp -n examples/pygame/critters/generated/world.toml engine_service/worlds/critters/autoencoder.safetensors runs/next-world
	test -e runs/next-world/denoiser.safetensors || $(BIN)/python -c "import lzma, sys; sys.stdout.buffer.write(lzma.decompress(sys.stdin.buffer.read()))" \
		< examples/pygame/critters/generated/denoiser.safetensors.xz > runs/next-world/denoiser.safetensors
	nice -n 19 $(BIN)/streamdit-engine train --world runs/next-world --recordings runs/next-recordings \
		--validation runs/next-held-out --run runs/next --from-world --recipe generate --probe-prompt 'a cat' \
		--threads 1 --steps 12000 --learning-rate 0.001 --save-every 50

blocks: setup ## train the small world blocks from nothing, a quarter of an hour on two cores: runs/blocks, then its folder
	$(BIN)/python -m blocks.record --out runs/blocks-recordings --count 800
	$(BIN)/python -m blocks.record --out runs/blocks-held-out --count 48 --seed 1 --split validation
	mkdir -p runs/blocks-world
	cp engine_service/worlds/blocks/world.toml engine_service/worlds/blocks/*.npz runs/blocks-world
	$(BIN)/streamdit-engine train-autoencoder --world runs/blocks-world --recordings runs/blocks-recordings \
		--run runs/blocks-autoencoder --steps 1600 --motion-weight 12
	$(BIN)/streamdit-engine train --world runs/blocks-world --recordings runs/blocks-recordings \
		--validation runs/blocks-held-out --run runs/blocks --recipe keys --motion-weight 24 --own-past 0.3 --own-drafts 0.7 \
		--decay 0.8 --latents-per-step 192 --learning-rate 0.008 --steps 5500 --no-bfloat16 --save-every 500 \
		--probe-prompt 'a white dot'
	cp runs/blocks-world/* engine_service/worlds/blocks

wheels: setup ## the full TensorRT's bindings, without its libraries: only their names are tested
	for version in 10.16.1.11 11.4.0.106; do \
		$(BIN)/python -m pip download --quiet --no-deps --only-binary=:all: --dest .wheels \
			tensorrt-cu13-bindings==$$version || exit 1; \
	done

clean: ## remove what make made
	rm -rf $(VENV) .wheels demo .mypy_cache .ruff_cache .pytest_cache
