# The hub alone. Workers share its control socket's directory and its memory limits:
#
#   docker build -t slotway .
#   docker run -p 8080:8080 -v slotway:/run/slotway slotway
#
# and in a worker's container: -v slotway:/run/slotway -e SLOTWAY_HUB=/run/slotway/hub.sock,
# as the same user (65532), with --pid container:NAME, because the hub watches the process
# of each worker. Regions are anonymous memory (memfd), so /dev/shm and its size do not
# matter; they count for the container that touches them first.

FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p slotway-hub && cp target/release/slotway /slotway

FROM debian:bookworm-slim
COPY --from=build /slotway /usr/local/bin/slotway
RUN install -d -o 65532 -g 65532 -m 0700 /run/slotway
USER 65532:65532
ENV SLOTWAY_HUB=/run/slotway/hub.sock
VOLUME /run/slotway
EXPOSE 8080
STOPSIGNAL SIGTERM
# Inside, loopback would be reached by nobody.
CMD ["slotway", "hub", "--listen", "0.0.0.0:8080"]
