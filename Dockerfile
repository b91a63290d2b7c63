# One image for every role: `notifier serve --role web|worker|clock`.
# It is built in two steps so that the running one holds no build tool, no node and no npm.
FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /srv/notifier/venv
COPY pyproject.toml ./
COPY config/constraints.txt config/
COPY notifier notifier
RUN /srv/notifier/venv/bin/pip install --no-cache-dir --constraint config/constraints.txt ".[cluster,speed]"

FROM python:3.12-slim
# A fixed number, so that a volume's owner can be set before the first start.
RUN useradd --system --uid 10001 --home-dir /srv/notifier --shell /usr/sbin/nologin notifier \
 && install -d -o notifier -g notifier /srv/notifier/.notifier
COPY --from=build /srv/notifier/venv /srv/notifier/venv
COPY config /srv/notifier/config
WORKDIR /srv/notifier
ENV PATH=/srv/notifier/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER notifier
EXPOSE 8640
STOPSIGNAL SIGTERM
ENTRYPOINT ["notifier"]
CMD ["serve"]
