"""Plain functions: each request on a thread.

    slotway hub
    python hello.py
    curl localhost:8080/hello/world
"""

from slotway import Request, Worker

worker = Worker("hello")


@worker.get("/hello/{name}")
def hello(request: Request) -> str:
    return f"Hello, {request.params['name']}!\n"


@worker.post("/sum")
def total(request: Request) -> dict[str, int]:
    # A view of the body where it lies: nothing is copied.
    body = request.body
    return {"bytes": len(body), "sum": sum(body)}


if __name__ == "__main__":
    worker.run()
