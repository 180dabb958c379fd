#include "app/process/port_owner.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace togglecast::app {
namespace {

TEST(PortOwner, IsTheProcessThatListens) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);

  EXPECT_FALSE(owner_of_port(port)) << "bound is not listening";
  ASSERT_EQ(::listen(listener, 1), 0);
  const auto owner = owner_of_port(port);
  ::close(listener);

  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->pid, ::getpid());
  EXPECT_EQ(owner->name, "unit_app");
  EXPECT_FALSE(owner_of_port(port));
}

TEST(PortOwner, IsReadFromTheTablesOfTheKernel) {
  const togglecast::testing::TemporaryFolder proc;
  const auto& root = proc.path();
  std::filesystem::create_directories(root / "net");
  std::filesystem::create_directories(root / "42/fd");
  std::ofstream(root / "net/tcp6") << "  sl  local_address remote_address st …\n"
                                   << "   0: 00000000000000000000000001000000:1389 "
                                      "00000000000000000000000000000000:0000 0A 00000000:00000000 "
                                      "00:00000000 00000000     0        0 777 1\n";
  std::ofstream(root / "42/comm") << "node\n";
  std::filesystem::create_symlink("socket:[777]", root / "42/fd/5");

  const auto owner = owner_of_port(5001, root);

  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->pid, 42);
  EXPECT_EQ(owner->name, "node");
  EXPECT_FALSE(owner_of_port(5002, root));
}

}  // namespace
}  // namespace togglecast::app
