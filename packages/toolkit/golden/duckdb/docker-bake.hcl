# docker buildx bake: mcp-duckdb for amd64 and arm64, with SBOM and provenance. Made by mcp-bridge.
# In front of the image, with a slash at its end: registry.example/team/
variable "REGISTRY" {
  default = ""
}

variable "BASE_IMAGE" {
  default = "mcp-bridge-base:0.1.0"
}

# File with the certificates of a site that has its own CA.
variable "CA" {
  default = ""
}

group "default" {
  targets = ["mcp-duckdb"]
}

target "mcp-duckdb" {
  context    = "."
  dockerfile = "Dockerfile"
  tags       = ["${REGISTRY}mcp-duckdb:1.1.0-1e6321719af5"]
  args       = { BASE_IMAGE = BASE_IMAGE }
  secret     = CA == "" ? [] : ["type=file,id=ca,src=${CA}"]
  platforms  = ["linux/amd64", "linux/arm64"]
  attest     = ["type=sbom", "type=provenance,mode=max"]
  annotations = ["index:io.modelcontextprotocol.server.name=io.github.motherduckdb/mcp-server-motherduck"]
}
