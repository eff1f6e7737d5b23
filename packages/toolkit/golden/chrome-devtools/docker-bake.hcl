# docker buildx bake: mcp-chrome-devtools for amd64 and arm64, with SBOM and provenance. Made by mcp-bridge.
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
  targets = ["mcp-chrome-devtools"]
}

target "mcp-chrome-devtools" {
  context    = "."
  dockerfile = "Dockerfile"
  tags       = ["${REGISTRY}mcp-chrome-devtools:1.11.0-e803c0fd9b26"]
  args       = { BASE_IMAGE = BASE_IMAGE }
  secret     = CA == "" ? [] : ["type=file,id=ca,src=${CA}"]
  platforms  = ["linux/amd64", "linux/arm64"]
  attest     = ["type=sbom", "type=provenance,mode=max"]
  annotations = ["index:io.modelcontextprotocol.server.name=io.github.ChromeDevTools/chrome-devtools-mcp"]
}
