"""fastmcp with its in-memory provider: a refresh invalidates both old tokens."""
import os

from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions
from fastmcp.server.auth.providers import in_memory
from starlette.responses import JSONResponse

in_memory.DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = int(os.environ.get("LIFETIME", "3600"))
refreshes = 0


class CountingProvider(in_memory.InMemoryOAuthProvider):
    async def load_refresh_token(self, client, refresh_token):
        global refreshes
        refreshes += 1
        return await super().load_refresh_token(client, refresh_token)


port = int(os.environ["PORT"])
mcp = FastMCP("interop", auth=CountingProvider(
    base_url=f"http://127.0.0.1:{port}",
    client_registration_options=ClientRegistrationOptions(enabled=True),
))


@mcp.tool
def hello() -> str:
    return "hello"


@mcp.custom_route("/refreshes", methods=["GET"])
async def count(_request):
    return JSONResponse(refreshes)


mcp.run(transport="http", host="127.0.0.1", port=port, show_banner=False)
