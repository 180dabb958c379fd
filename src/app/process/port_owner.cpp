#include "app/process/port_owner.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <vector>

namespace togglecast::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

// Adds the inodes of the sockets that listen on `port`. The fields of a line of the table: number, local
// address:port in hex, remote address:port, state, queues, timer, retransmissions, uid, timeout, inode.
void add_listening(const fs::path& table, std::uint16_t port, std::set<std::string>& sockets) {
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
    if (fields.size() < 10 || fields[3] != kListening) continue;
    const std::string& local = fields[1];
    unsigned value = 0;
    const std::size_t colon = local.rfind(':');
    if (colon == std::string::npos) continue;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), value, 16);
    if (value == port) sockets.insert("socket:[" + fields[9] + ']');
  }
}

bool holds_one(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (sockets.count(fs::read_symlink(at->path(), gone).string()) != 0 && !gone) return true;
  }
  return false;
}

}  // namespace

std::optional<PortOwner> owner_of_port(std::uint16_t port, const fs::path& proc) {
  std::set<std::string> sockets;
  add_listening(proc / "net/tcp", port, sockets);
  add_listening(proc / "net/tcp6", port, sockets);
  if (sockets.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator at(proc, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    PortOwner owner;
    const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), owner.pid);
    if (bad != std::errc{} || stop != name.data() + name.size() || !holds_one(at->path(), sockets)) continue;
    std::ifstream(at->path() / "comm") >> owner.name;
    return owner;
  }
  return std::nullopt;
}

}  // namespace togglecast::app
