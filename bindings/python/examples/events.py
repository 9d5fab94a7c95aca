"""Publishing and receiving events: a program that answers no request.

    slotway hub
    python events.py listen 'news.*'
    python events.py say news.sport 'a goal'
"""

import sys

from slotway import Event, Events


def main() -> None:
    # It finds the hub by itself, waits for it, and goes on from hub to hub.
    with Events() as events:
        match sys.argv[1:]:
            case ["say", topic, *words]:
                # In one go: all are checked before the first leaves.
                events.publish_many([(topic, word) for word in words])
            case ["listen", *patterns]:
                with events.subscribe(*patterns) as subscription:
                    subscription.wait_live()
                    print("listening", flush=True)
                    for event in subscription:
                        if isinstance(event, Event):
                            print(event.topic, event.text(), flush=True)
                        else:
                            print(f"{event.missed} were lost here", flush=True)
            case _:
                raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
