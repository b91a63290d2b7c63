"""`scripts/demo`: one run from the command line, cleaned up whatever happens."""

import argparse
import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from notifier.sandbox.demo.showing import Screen
from notifier.sandbox.demo.story import Story, is_accounted_for
from notifier.sandbox.demo.terms import DemoError, Terms


def main(words: Sequence[str] | None = None) -> int:
    """0 when everything is accounted for, 1 when not, 130 when interrupted."""
    asked = _parser().parse_args(words)
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="notifier-demo-"))
    terms = Terms(
        n_households=asked.households,
        folder=folder,
        headless=asked.headless,
        kills=asked.kill,
        window=timedelta(seconds=asked.window),
        courtesy=timedelta(seconds=asked.courtesy),
    )
    screen = Screen()
    try:
        return asyncio.run(_run(terms, screen))
    except DemoError as error:
        screen.say(f"[bold red]演示没有完成[/]：{error}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        screen.say("已中断")
        return 130
    finally:
        if asked.keep or asked.folder:
            screen.say(f"本次的账本、日志和文件在 {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/demo", description="一个合成的彭阳县，从导入到通知到核对")
    parser.add_argument("--households", type=int, default=20_000, metavar="N", help="农户数，默认 20000")
    parser.add_argument("--headless", action="store_true", help="不等人操作；最后一行是一个 JSON 对象")
    parser.add_argument("--kill", action="store_true", help="发送途中强行终止服务一次（kill -9）再启动")
    parser.add_argument("--window", type=float, default=20, metavar="S", help="等待回执的秒数，默认 20")
    parser.add_argument("--courtesy", type=float, default=90, metavar="S", help="等人在控制台审核的秒数，默认 90")
    parser.add_argument("--folder", metavar="DIR", help="用这个空文件夹，事后保留；默认用临时文件夹")
    parser.add_argument("--keep", action="store_true", help="事后保留临时文件夹")
    return parser


async def _run(terms: Terms, screen: Screen) -> int:
    running = asyncio.current_task()
    assert running is not None
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, running.cancel)
    async with Story(terms, screen) as story:
        line = await story.tell()
        wrong = is_accounted_for(line, story.account)
        for sentence in wrong:
            screen.say(f"[bold red]不符[/] {sentence}")
        screen.say(f"核对 {story.account.n_checks} 项，不符 {len(wrong)} 项")
        if not terms.headless:
            screen.say(f"服务仍在运行：{story.ground.service}；按 Ctrl-C 结束")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
