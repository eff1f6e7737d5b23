# docker buildx bake: mcp-duckduckgo for amd64 and arm64, with SBOM and provenance. Made by mcp-bridge.
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
  targets = ["mcp-duckduckgo"]
}

target "mcp-duckduckgo" {
  context    = "."
  dockerfile = "Dockerfile"
  tags       = ["${REGISTRY}mcp-duckduckgo:0.7.0-95944197e310"]
  args       = { BASE_IMAGE = BASE_IMAGE }
  secret     = CA == "" ? [] : ["type=file,id=ca,src=${CA}"]
  platforms  = ["linux/amd64", "linux/arm64"]
  attest     = ["type=sbom", "type=provenance,mode=max"]
}
