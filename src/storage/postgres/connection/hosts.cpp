#include "storage/postgres/connection/hosts.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace togglecast::storage::postgres {
namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

// A folder of UNIX sockets, or the default one.
bool is_socket(const std::string& host) { return host.empty() || host.front() == '/' || host.front() == '@'; }

}  // namespace

Result<Hosts> find_hosts(const std::string& host, const std::string& port,
                         const names::NameResolver& look_up) {
  const auto names = split(host);
  const auto ports = split(port);
  if (ports.size() != 1 && ports.size() != names.size()) return Hosts{};  // libpq says what is wrong
  Hosts hosts;
  bool any = false, named = false;
  std::optional<Error> problem;
  const auto add = [&](const std::string& name, const std::string& address, const std::string& at) {
    if (any) {
      hosts.host += ',';
      hosts.hostaddr += ',';
      hosts.port += ',';
    }
    any = true;
    hosts.host += name;
    hosts.hostaddr += address;
    hosts.port += at;
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& at = ports.size() == 1 ? ports.front() : ports[i];
    if (is_socket(names[i])) {
      add(names[i], {}, at);
      continue;
    }
    named = true;
    const auto addresses = look_up(names[i]);
    if (!addresses) {
      problem = addresses.error();
      continue;
    }
    for (const std::string& address : *addresses) add(names[i], address, at);
  }
  if (!any && problem) return tl::unexpected(*problem);
  return named ? hosts : Hosts{};
}

}  // namespace togglecast::storage::postgres
