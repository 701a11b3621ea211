-- lsp-orch for Neovim 0.11 and later. Put this folder on the runtime path, then:
--   vim.lsp.enable('lsp-orch')
return {
  cmd = { 'lsp-orch', 'lsp' },
  -- Every file type; but scratch and unnamed buffers are nobody's to lease.
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.bo[bufnr].buftype ~= '' or name == '' then
      return
    end
    on_dir(vim.fs.root(bufnr, '.git') or vim.fs.dirname(name))
  end,
}
