# One libFuzzer program per file: fuzz/<layer>/<target>.cpp -> fuzz_<target>, linked with that layer and what is below
# it. Target `fuzz_targets` builds all of them and nothing else. What they share lives in fuzz/support.

function(add_fuzz_targets)
  add_custom_target(fuzz_targets)
  foreach(layer IN LISTS togglecast_layers)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/${layer}/*.cpp)
    foreach(source IN LISTS sources)
      cmake_path(GET source STEM name)
      add_executable(fuzz_${name} ${source})
      target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz)
      target_link_libraries(fuzz_${name} PRIVATE togglecast::${layer})
      target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzz_targets fuzz_${name})
    endforeach()
  endforeach()
endfunction()
