# Lab VPN (vpn.lab.example) by L2TP/IPsec, for guest1. Windows asks for name and password at the first dial.
$ErrorActionPreference = 'Stop'
$me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this in a PowerShell that was started as administrator: it sets a value of the machine''s registry'
}
New-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\PolicyAgent' -Name AssumeUDPEncapsulationContextOnSendRule -PropertyType DWord -Value 2 -Force | Out-Null
Write-Host 'Restart Windows once before the first dial.'
$key = 'it''s a preshared key'
$name = 'Lab VPN (vpn.lab.example) L2TP'
Get-VpnConnection -Name $name -ErrorAction SilentlyContinue | Remove-VpnConnection -Force
Add-VpnConnection -Name $name -ServerAddress 'vpn.lab.example' -TunnelType L2tp -L2tpPsk $key `
    -AuthenticationMethod MSChapv2 -EncryptionLevel Required -RememberCredential -Force
Set-VpnConnection -Name $name -SplitTunneling $true -Force
Add-VpnConnectionRoute -ConnectionName $name -DestinationPrefix '10.98.0.0/24'
Add-VpnConnectionRoute -ConnectionName $name -DestinationPrefix '10.50.0.0/16'
Write-Host 'Ready: dial ''Lab VPN (vpn.lab.example) L2TP'' in the network settings, as guest1.'
