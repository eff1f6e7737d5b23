# docker buildx bake: mcp-context7 for amd64 and arm64, with SBOM and provenance. Made by mcp-bridge.
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
  targets = ["mcp-context7"]
}

target "mcp-context7" {
  context    = "."
  dockerfile = "Dockerfile"
  tags       = ["${REGISTRY}mcp-context7:4.1.1-751fc79fb63b"]
  args       = { BASE_IMAGE = BASE_IMAGE }
  secret     = CA == "" ? [] : ["type=file,id=ca,src=${CA}"]
  platforms  = ["linux/amd64", "linux/arm64"]
  attest     = ["type=sbom", "type=provenance,mode=max"]
  annotations = ["index:io.modelcontextprotocol.server.name=io.github.upstash/context7"]
}
