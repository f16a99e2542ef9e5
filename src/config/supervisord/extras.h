// The keys of a program that are ours: the original takes them for unknown ones, which it ignores.
#pragma once

#include "config/supervisord/section_view.h"
#include "config/supervisord/settings.h"

namespace tierce::config::supervisord {

// Into `process`, whose other settings have been read: a program with `cron` has other defaults for some of them.
void read_extras(SectionView& view, ProcessSettings& process);

}  // namespace tierce::config::supervisord
