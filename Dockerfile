# docs/production.md tells how to build and run the image.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
RUN pip --python /opt/venv install --require-hashes --requirement requirements.txt
WORKDIR /app
COPY . .
# The settings require these variables, but collectstatic uses none. They exist in this step only.
RUN DEBUG=off SECRET_KEY=only-for-this-step DATABASE_URL=postgres:///none \
    /opt/venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin learning
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 DEBUG=off LOG_FORMAT=json
# The user is a number, so that an orchestrator can see that it is not root.
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz')"]
# The heartbeats of the workers would wait for a slow disk under /tmp.
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm"]
