"""A one-time link opens a session: the link shows a button, so that a preview of the link does not use it up."""

from http import HTTPStatus

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from hub_server.store import logins
from hub_server.store.limits import SESSION_TTL_S
from hub_server.web import resources
from hub_server.web.auth import COOKIE, demand_csrf, session_token
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("login", __name__)
_CODE_TTL_S = 15 * 60
_CODE_CHARS_MAX = 200


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/login-links",
        summary="A link that opens one session",
        scope=Scope.ADMIN,
        answer=resources.LoginLink,
        status=HTTPStatus.CREATED,
    )
)
def create() -> Response:
    store = office().store
    code = write(lambda db: logins.new_code(db, now_us=store.now_us(), ttl_s=_CODE_TTL_S))
    link: resources.LoginLink = {"url": f"{request.scheme}://{request.host}/login?code={code}"}
    return answer(link, HTTPStatus.CREATED)


@blueprint.get("/login")
def show() -> str:
    return render_template("login.html", code=request.args.get("code", "")[:_CODE_CHARS_MAX], refused=False)


@blueprint.post("/login")
def redeem() -> AnyResponse:
    code = request.form.get("code", "")[:_CODE_CHARS_MAX]
    store = office().store
    token = store.write(lambda db: logins.redeem(db, code, now_us=store.now_us()))
    if token is None:
        return Response(render_template("login.html", code="", refused=True), status=HTTPStatus.FORBIDDEN)
    response = redirect("/", HTTPStatus.SEE_OTHER)
    response.set_cookie(COOKIE, token, max_age=SESSION_TTL_S, httponly=True, samesite="Strict", path="/")
    return response


@blueprint.post("/logout")
def leave() -> AnyResponse:
    token = session_token()
    if token is not None:
        demand_csrf(token, request.form.get("csrf", ""))
        office().store.write(lambda db: logins.end_session(db, token))
    response = redirect("/login", HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict", path="/")
    return response
