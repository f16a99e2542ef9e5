#include "supervise/app_resources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

namespace tierce::supervise {
namespace {

gateway::CacheShape shape_of(const config::UwsgiCache& cache) {
  gateway::CacheShape shape;
  std::strncpy(shape.name, cache.name.c_str(), sizeof shape.name - 1);
  shape.items = cache.items;
  shape.blocks = cache.blocks;
  shape.block_bytes = cache.block_bytes;
  shape.key_bytes = cache.key_bytes;
  shape.many_blocks = cache.many_blocks;
  shape.purge_least_used = cache.purge_least_used;
  shape.clear_when_full = cache.clear_when_full;
  shape.never_expires = cache.never_expires;
  shape.math_initial = cache.math_initial;
  return shape;
}

}  // namespace

Result<AppResources> AppResources::create(const config::RunSettings& settings, const os::Identity& owner) {
  const config::UwsgiSource& source = *settings.uwsgi;
  AppResources made;
  auto memory_fd = gateway::AppMemory::create(
      {.locks = source.locks + 1, .workers = settings.workers, .threads = settings.at_once()});
  if (!memory_fd) return fail(std::move(memory_fd).error());
  made.memory_fd_ = std::move(*memory_fd);
  auto memory = gateway::AppMemory::map(made.memory_fd_.get());
  if (!memory) return fail(std::move(memory).error());
  made.memory_ = *memory;
  for (const config::UwsgiCache& cache : source.caches) {
    auto fd = gateway::create_cache(shape_of(cache), cache.store, cache.delete_store);
    if (!fd) return fail(std::move(fd).error().during(fmt::format("cache2 '{}'", cache.name)));
    if (!cache.store.empty()) {
      if (auto given = os::give_path(cache.store, owner); !given) return fail(std::move(given).error());
    }
    made.caches_.push_back(std::move(*fd));
  }
  return made;
}

void AppResources::describe(const config::UwsgiSource& source, PythonOptions& options, std::uint32_t generation,
                            std::uint32_t workers) const {
  options.add("uwsgi_memory", static_cast<std::uint64_t>(memory_fd_.get()))
      .add("supervisor", static_cast<std::uint64_t>(::getpid()))
      .add("generation", generation)
      .add("workers", workers)
      .add("app_source", source.app_source);
  if (!source.second_app.empty()) {
    options.add("second_app", source.second_app).add("second_app_source", source.second_app_source);
  }
  const auto add_all = [&](const char* key, const std::vector<std::string>& values) {
    for (const std::string& value : values) options.add(key, value);
  };
  const auto add_given = [&](const char* key, const std::string& value) {
    if (!value.empty()) options.add(key, value);
  };
  add_all("uwsgi_mount", source.mounts);
  add_all("uwsgi_import", source.imports);
  add_all("uwsgi_argument", source.arguments);
  add_all("reload_ignore", source.reload_ignores);
  add_all("post_fork", source.post_fork_hooks);
  add_given("mount_callable", source.mount_callable);
  add_given("chdir_after", source.chdir_after);
  add_given("executable", source.executable);
  add_given("title_before", source.worker_title_before);
  add_given("title_after", source.worker_title_after);
  add_given("title_zygote", source.zygote_title);
  options.add("title_numbered", source.worker_title_numbered ? 1 : 0)
      .add("manage_script_name", source.manage_script_name ? 1 : 0)
      .add("cpus", source.cpus)
      .add("reaper", source.reaper ? 1 : 0)
      .add("least_lifetime", source.least_lifetime);
  if (!source.file_wrapper) options.add("no_file_wrapper", 1);
  for (const os::UniqueFd& cache : caches_) options.add("uwsgi_cache", static_cast<std::uint64_t>(cache.get()));
  for (const auto& [name, value] : source.options)
    options.add("uwsgi_option", value ? fmt::format("{}={}", name, *value) : name);
}

void AppResources::inherit() const {
  ::fcntl(memory_fd_.get(), F_SETFD, 0);
  for (const os::UniqueFd& cache : caches_) ::fcntl(cache.get(), F_SETFD, 0);
}

}  // namespace tierce::supervise
