// A TCP or TLS connection to the server under probe. libcurl is no help here: Debian 12 builds it without
// WebSockets. Thread rule: the loop's thread; kept alive by its own operations.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/probe/loop.hpp"
#include "base/error.hpp"

namespace togglecast::app::probe {

class TlsSettings;

/// Where the server is.
struct Target {
  std::string url;        ///< `https://flags.example`
  std::string host;       ///< name or address, without brackets
  std::string authority;  ///< for the Host header
  std::string port;
  std::shared_ptr<TlsSettings> tls;  ///< null: plain

  struct Trust {
    bool insecure = false;  ///< take any certificate
    std::string ca;         ///< file with the certificates to trust; empty: those of the system
  };
  /// `http://host:5001` or `https://host`. `invalid_argument` says what is wrong with it.
  [[nodiscard]] static Result<Target> parse(const std::string& url, const Trust& trust);
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  struct Events {
    std::function<void()> on_open;
    std::function<void(std::string_view)> on_bytes;
    std::function<void(const std::string& why)> on_end;  ///< once; empty: the server closed
  };

  Link(Loop& loop, const Target& target, Events events);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void open();
  void send(std::string bytes);
  /// Ends the connection; no event follows.
  void close();

 private:
  struct Io;
  void connected();
  void read();
  void write();
  void end(const std::string& why);

  const Target& target_;
  Events events_;
  std::unique_ptr<Io> io_;
  bool closed_ = false;
};

}  // namespace togglecast::app::probe
