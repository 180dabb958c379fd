#include "web/own_hosts.hpp"

#include <gtest/gtest.h>

namespace togglecast::web {
namespace {

bool includes(const OwnHosts& hosts, const char* asked) {
  return hosts.include(wire::http::parse_authority(asked).value());
}
bool lists(const OwnHosts& hosts, const char* origin) {
  return hosts.list(wire::http::parse_origin(origin).value());
}

TEST(OwnHosts, AreAddressesAndLocalhostWithoutAList) {
  const OwnHosts hosts;

  for (const char* asked : {"127.0.0.1:5001", "192.0.2.1", "[::1]:5001", "[fe80::1%25eth0]", "localhost:5001",
                            "LOCALHOST.", "flags.localhost"})
    EXPECT_TRUE(includes(hosts, asked)) << asked;
  for (const char* asked :
       {"evil.example:5001", "127.evil.example", "localhost.evil.example", "127.1", "togglecast"})
    EXPECT_FALSE(includes(hosts, asked)) << asked;
}

TEST(OwnHosts, AreTheNamesOfTheList) {
  const auto hosts = OwnHosts::parse({"https://Flags.example/", "http://togglecast:5001"}).value();

  EXPECT_TRUE(includes(hosts, "flags.example."));
  EXPECT_TRUE(includes(hosts, "flags.example:8443")) << "a port is no part of the name";
  EXPECT_TRUE(includes(hosts, "togglecast:9100"));
  EXPECT_FALSE(includes(hosts, "other.flags.example"));
}

TEST(OwnHosts, ListOriginsWithSchemeAndPort) {
  const auto hosts = OwnHosts::parse({"https://flags.example", "http://togglecast:5001"}).value();

  EXPECT_TRUE(lists(hosts, "https://flags.example:443"));
  EXPECT_TRUE(lists(hosts, "wss://flags.example"));
  EXPECT_FALSE(lists(hosts, "http://flags.example"));
  EXPECT_FALSE(lists(hosts, "https://flags.example:8443"));
  EXPECT_FALSE(lists(hosts, "http://togglecast"));
}

TEST(OwnHosts, RefuseOtherTexts) {
  for (const char* url : {"flags.example", "", "https://", "https://flags.example/path",
                          "https://flags.example//", "file://", "capacitor://localhost", "null", "*",
                          "https://*.example", "https://u@flags.example", "https://flags.example:0"})
    EXPECT_FALSE(OwnHosts::parse({url})) << url;
  EXPECT_NE(OwnHosts::parse({"flags.example"}).error().message.find("https://flags.example"),
            std::string::npos);
}

}  // namespace
}  // namespace togglecast::web
