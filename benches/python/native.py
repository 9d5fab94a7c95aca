"""The same answer by a worker of Slotway's own kind: a plain function."""

from slotway import Request, Worker

worker = Worker("native")


@worker.get("/")
def hello(request: Request) -> str:
    return "Hello, World!"


if __name__ == "__main__":
    worker.run()
