// Where Gunicorn finds what it reads, before it is started: files of an image lie beside the Dockerfile.
#pragma once

#include <string>
#include <vector>

#include "check/image.h"
#include "config/run_settings.h"

namespace tierce::check {

struct GunicornStart {
  config::GunicornSource source;
  std::string configuration;  // The file on this machine; "": there is none.
  std::string missing;        // That is named and not there, as it is named.
};

// `directory`: where it is started; "": where we are, or the image's WORKDIR.
GunicornStart gunicorn_start(const std::vector<std::string>& arguments, std::string directory, const Image& image);

}  // namespace tierce::check
