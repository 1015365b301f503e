# Images for other machines than the one that builds them: on a laptop for the Pi, or for several at once.
#
#   docker buildx bake --load --set '*.platform=linux/arm64' app sidecar    for a 64-bit Pi
#   docker save pinstream-app pinstream-sidecar | ssh pi docker load        and then `docker compose up -d --no-build` there
#   NODE_VERSION=22 DEBIAN=bookworm docker buildx bake --load --set '*.platform=linux/arm/v7' app sidecar     for a 32-bit one
#   IMAGE=registry.example/pinstream docker buildx bake --push              for all 64-bit machines, to a registry
#
# Where the builder has another processor it needs QEMU (Debian: qemu-user-static), and for more than one platform at once a
# builder that can: docker buildx create --use

variable "NODE_VERSION" { default = "24" }
variable "DEBIAN" { default = "trixie" }
# What the images' names begin with; Compose looks for this one.
variable "IMAGE" { default = "pinstream" }
variable "TAG" { default = "latest" }

group "default" {
  targets = ["app", "sidecar", "mock"]
}

target "every" {
  context = "."
  args = {
    NODE_VERSION = NODE_VERSION
    DEBIAN       = DEBIAN
  }
  platforms = ["linux/arm64", "linux/amd64"]
}

target "app" {
  inherits = ["every"]
  target   = "app"
  tags     = ["${IMAGE}-app:${TAG}"]
}

target "sidecar" {
  inherits = ["every"]
  target   = "sidecar"
  tags     = ["${IMAGE}-sidecar:${TAG}"]
}

target "mock" {
  inherits = ["every"]
  target   = "mock"
  tags     = ["${IMAGE}-mock:${TAG}"]
}

# For docker-compose.tls.yml alone: docker buildx bake certificates
target "certificates" {
  inherits = ["every"]
  target   = "certificates"
  tags     = ["${IMAGE}-certificates:${TAG}"]
}
